import { type Level, matchLevel, narrower } from "./address.ts";
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

/** What a Topic Filter reaches of a channel. */
export interface Reached {
  readonly channel: Channel;
  /** The parameters, in the order of the address. */
  readonly values: readonly ReachedValue[];
  /** What the filter says in each level of the address, undefined where it leaves it open; not there for a whole topic. */
  readonly levels?: readonly (string | undefined)[];
}

/** undefined where the filter leaves it open. */
export interface ReachedValue {
  readonly name: string;
  readonly value: string | undefined;
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

  /**
   * The channels of which a Topic Filter can match topics.
   * @param filter its levels
   */
  reached(filter: readonly string[]): readonly Reached[] {
    const found: Reached[] = [];
    this.#reach(this.#root, filter, [], found);
    return found;
  }

  #reach(node: MatcherNode, filter: readonly string[], before: (string | undefined)[], found: Reached[]): void {
    const depth = before.length;
    const isBelowHash = depth >= filter.length - 1 && filter.at(-1) === "#";
    for (const channel of node.open) this.#addReached(channel, before, found);
    if (isBelowHash || depth === filter.length) {
      for (const channel of node.ends) this.#addReached(channel, before, found);
    }
    if (depth >= filter.length && !isBelowHash) return;
    const text = isBelowHash ? "+" : filter[depth]!;
    if (text === "+") {
      for (const [own, child] of node.texts) this.#deeper(child, filter, before, own, found);
      for (const { node: child } of node.branches) this.#deeper(child, filter, before, undefined, found);
      return;
    }
    const child = node.texts.get(text);
    if (child !== undefined) this.#deeper(child, filter, before, text, found);
    for (const { level, node: next } of node.branches) {
      if (matchLevel(level, text) !== undefined) this.#deeper(next, filter, before, text, found);
    }
  }

  #deeper(
    node: MatcherNode,
    filter: readonly string[],
    before: (string | undefined)[],
    text: string | undefined,
    found: Reached[],
  ): void {
    before.push(text);
    this.#reach(node, filter, before, found);
    before.pop();
  }

  #addReached(channel: Channel, before: readonly (string | undefined)[], found: Reached[]): void {
    const values: ReachedValue[] = [];
    const { levels } = channel.address;
    for (let index = 0; index < levels.length; index += 1) {
      const level = levels[index]!;
      if (level.kind === "text") continue;
      const text = before[index];
      const fixed = text === undefined ? undefined : matchLevel(level, text);
      for (let at = 0; at < level.names.length; at += 1) {
        const name = level.names[at]!;
        const value = fixed?.[at];
        if (name === "") continue;
        if (value !== undefined && !this.#allows(channel, name, value)) return;
        values.push({ name, value });
      }
    }
    found.push({ channel, values, levels: before.slice() });
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
