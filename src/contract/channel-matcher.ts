import { type Level, matchLevel } from "./address.ts";
import { narrower } from "./check-channels.ts";
import type { Channel } from "./contract.ts";

/** A Topic Name on its channel. */
export interface TopicMatch {
  readonly channel: Channel;
  /** The parameters' values, in the order of the address. */
  readonly values: readonly ParameterValue[];
}

export interface ParameterValue {
  readonly name: string;
  readonly value: string;
}

/** Whether a value is one that its parameter allows. */
export type ParameterCheck = (channel: Channel, name: string, value: string) => boolean;

interface Branch {
  readonly level: Level & { kind: "parameters" };
  readonly node: MatcherNode;
}

interface MatcherNode {
  readonly texts: Map<string, MatcherNode>;
  readonly branches: Branch[];
  /** Channels whose address ends here. */
  readonly ends: Channel[];
  /** Channels whose address goes on with `#`. */
  readonly open: Channel[];
}

/** Finds the channel of a Topic Name. The costs grow with its levels and the parameters on the way, not with the channels. */
export class ChannelMatcher {
  readonly #root: MatcherNode = newNode();
  readonly #allows: ParameterCheck;

  constructor(channels: readonly Channel[], allows: ParameterCheck) {
    this.#allows = allows;
    for (const channel of channels) this.#insert(channel);
  }

  /** undefined when no channel has it. Among several the one with the narrowest address. */
  match(topicName: string): TopicMatch | undefined {
    return this.#narrowest(topicName, this.#allows);
  }

  /** The same, whatever its parameters may be: to tell what is wrong with a topic. */
  loose(topicName: string): TopicMatch | undefined {
    return this.#narrowest(topicName, () => true);
  }

  #narrowest(topicName: string, allows: ParameterCheck): TopicMatch | undefined {
    const found: TopicMatch[] = [];
    this.#walk(this.#root, topicName.split("/"), 0, [], found, allows);
    return found.reduce<TopicMatch | undefined>((best, each) => {
      return best === undefined || narrower(each.channel.address, best.channel.address) < 0 ? each : best;
    }, undefined);
  }

  #insert(channel: Channel): void {
    let node = this.#root;
    for (const level of channel.address.levels) node = childFor(node, level);
    (channel.address.isOpen ? node.open : node.ends).push(channel);
  }

  #walk(
    node: MatcherNode,
    levels: readonly string[],
    depth: number,
    values: readonly string[],
    found: TopicMatch[],
    allows: ParameterCheck,
  ): void {
    for (const channel of node.open) add(channel, values, found, allows);
    if (depth === levels.length) {
      for (const channel of node.ends) add(channel, values, found, allows);
      return;
    }
    const text = levels[depth]!;
    const child = node.texts.get(text);
    if (child !== undefined) this.#walk(child, levels, depth + 1, values, found, allows);
    for (const { level, node: next } of node.branches) {
      const here = matchLevel(level, text);
      if (here !== undefined) this.#walk(next, levels, depth + 1, [...values, ...here], found, allows);
    }
  }
}

function add(channel: Channel, values: readonly string[], found: TopicMatch[], allows: ParameterCheck): void {
  const named = parameterValues(channel.address.levels, values);
  if (named.every(({ name, value }) => allows(channel, name, value))) found.push({ channel, values: named });
}

/** Names to values, without what only `+` stands for. */
function parameterValues(levels: readonly Level[], values: readonly string[]): readonly ParameterValue[] {
  const names = levels.flatMap((level) => (level.kind === "text" ? [] : level.names));
  return names.map((name, index) => ({ name, value: values[index]! })).filter(({ name }) => name !== "");
}

function childFor(node: MatcherNode, level: Level): MatcherNode {
  if (level.kind === "text") {
    const known = node.texts.get(level.text);
    if (known !== undefined) return known;
    const child = newNode();
    node.texts.set(level.text, child);
    return child;
  }
  // Names differ from channel to channel; the texts around them decide what fits.
  const known = node.branches.find((branch) => sameTexts(branch.level.texts, level.texts));
  if (known !== undefined) return known.node;
  const child = newNode();
  node.branches.push({ level, node: child });
  return child;
}

function sameTexts(first: readonly string[], second: readonly string[]): boolean {
  return first.length === second.length && first.every((text, index) => text === second[index]);
}

function newNode(): MatcherNode {
  return { texts: new Map(), branches: [], ends: [], open: [] };
}
