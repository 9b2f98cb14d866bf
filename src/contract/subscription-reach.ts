import type { Principal } from "../broker/authentication.ts";
import type { Refusal } from "../broker/policy.ts";
import { ReasonCode } from "../mqtt/reason-code.ts";
import { type Level, matchLevel } from "./address.ts";
import type { ParameterValue } from "./channel-matcher.ts";
import type { CompiledContract } from "./compile.ts";
import type { Channel } from "./contract.ts";
import { refusal } from "./message-check.ts";
import { foreignValue, type Grant, leavesFor, type Ownership, templateText } from "./rights.ts";

/** How far a subscription reaches. */
export interface Reach {
  /** undefined: it is granted. */
  readonly refusal: Refusal | undefined;
  /** Only what is the Principal's own is delivered: ask per topic. */
  readonly isFiltered: boolean;
  /** What it reaches. */
  readonly channels: readonly Channel[];
}

/** How far it reaches into one channel. */
type ChannelReach = Omit<Reach, "channels">;

/** Who asks. */
export interface Asker {
  readonly compiled: CompiledContract;
  readonly ownership: Ownership;
  readonly principal: Principal;
  readonly grants: readonly Grant[];
}

/**
 * Whether every channel that a Topic Filter can reach may be read: wholly, or where the operation says `x-wildcard: own`
 * as far as it is the Principal's own. The first channel in the way refuses, and the refusal says what would do.
 */
export function reachOf(asker: Asker, topicFilter: string): Reach {
  const levels = topicFilter.split("/");
  if (topicFilter.startsWith("$")) return serverTopics(asker, levels);
  let isFiltered = false;
  const channels: Channel[] = [];
  for (const channel of asker.compiled.contract.channels) {
    const values = reachedValues(asker, channel, levels);
    if (values === undefined) continue;
    channels.push(channel);
    const reach = channelReach(asker, channel, values);
    if (reach.refusal !== undefined) return { ...reach, channels };
    isFiltered ||= reach.isFiltered;
  }
  return channels.length > 0 ? { refusal: undefined, isFiltered, channels } : nothingThere(asker, topicFilter);
}

/** What a filter fixes of a channel's parameters; undefined values are open. */
type ReachedValue = { readonly name: string; readonly value: string | undefined };

function channelReach(asker: Asker, channel: Channel, values: readonly ReachedValue[]): ChannelReach {
  const { principal, grants, ownership } = asker;
  const leaves = leavesFor(channel.subscribe, grants, principal);
  const fixed = values.filter((each): each is ParameterValue => each.value !== undefined);
  let filtered = false;
  for (const { operation, grant } of leaves) {
    if (foreignValue(grant, fixed, principal, ownership) !== undefined) continue;
    const isOpen = values.some(({ name, value }) => value === undefined && grant.own.has(name));
    if (!isOpen) return { refusal: undefined, isFiltered: false };
    if (operation.wildcard === "own") filtered = true;
  }
  if (filtered) return { refusal: undefined, isFiltered: true };
  return { refusal: inTheWay(asker, channel, fixed), isFiltered: false };
}

function inTheWay(
  { principal, grants, ownership }: Asker,
  channel: Channel,
  fixed: readonly ParameterValue[],
): Refusal {
  const leave = leavesFor(channel.subscribe, grants, principal)[0];
  const { text } = channel.address;
  if (leave === undefined) {
    const operation = channel.subscribe[0];
    const scopes = operation?.security.map((each) => each.join(" and ")).filter((each) => each !== "") ?? [];
    const need =
      operation === undefined
        ? "clients cannot subscribe to it"
        : `it needs ${scopes.length === 0 ? "an account" : `the scope ${scopes.join(" or ")}`}`;
    const sentence = `the filter reaches ${text}, and ${need}${alternatives(grants, principal, channel)}`;
    return refusal(
      ReasonCode.NotAuthorized,
      sentence,
      operation?.place ?? channel.place,
      operation?.name ?? channel.name,
    );
  }
  const { grant, operation } = leave;
  const name =
    foreignValue(grant, fixed, principal, ownership)?.name ??
    [...channel.parameters.keys()].find((each) => grant.own.has(each))!;
  const own = templateText(grant.own.get(name)!);
  const sentence = `the filter reaches ${text}, where ${grant.roleName} may read only what {${name}} says is ${own}; write that id in the place of {${name}}`;
  return refusal(ReasonCode.NotAuthorized, sentence, operation.place, operation.name);
}

/** Nothing to name: the refusal is about a filter that is wider than one channel. */
function alternatives(grants: readonly Grant[], principal: Principal, channel: Channel): string {
  const isHolder = grants.length > 0 || principal.name !== "";
  return isHolder && channel.subscribe.length > 0 ? "; subscribe to narrower filters" : "";
}

function serverTopics({ grants, compiled, principal }: Asker, levels: readonly string[]): Reach {
  if (levels[0] === "$SYS" && grants.some((grant) => grant.mayReadServerTopics))
    return { refusal: undefined, isFiltered: false, channels: [] };
  const holders = [...compiled.contract.roles.values()]
    .filter((role) => role.mayReadServerTopics)
    .map(({ name }) => name);
  const hint =
    holders.length === 0
      ? "no role of the contract has serverTopics: true"
      : `it needs the role ${holders.join(" or ")}`;
  const roles = principal.roles.length === 0 ? "" : `, not ${principal.roles.join(", ")}`;
  return {
    refusal: {
      reasonCode: ReasonCode.NotAuthorized,
      reasonString: `Topics that begin with $ are the server's: ${hint}${holders.length === 0 ? "" : roles}`,
      place: "",
    },
    isFiltered: false,
    channels: [],
  };
}

function nothingThere({ compiled }: Asker, topicFilter: string): Reach {
  const shown = topicFilter.length > 100 ? `${topicFilter.slice(0, 100)}…` : topicFilter;
  return {
    refusal: {
      reasonCode: ReasonCode.NotAuthorized,
      reasonString: `${shown} reaches no channel of ${compiled.contract.title}`,
      place: "",
    },
    isFiltered: false,
    channels: [],
  };
}

/** What the filter fixes of the channel's parameters; undefined when no topic of the channel matches it. */
function reachedValues(
  { compiled }: Asker,
  channel: Channel,
  filter: readonly string[],
): readonly ReachedValue[] | undefined {
  const { levels, isOpen } = channel.address;
  const values: ReachedValue[] = [];
  const hasHash = filter.at(-1) === "#";
  const fixed = hasHash ? filter.length - 1 : filter.length;
  if (levels.length < fixed && !isOpen) return undefined;
  if (levels.length > fixed && !hasHash) return undefined;
  for (const [index, level] of levels.entries()) {
    const here = index < fixed ? filter[index]! : "+";
    const reached = reachedLevel(level, here);
    if (reached === undefined) return undefined;
    values.push(...reached);
  }
  const allows = ({ name, value }: ReachedValue): boolean => {
    return value === undefined || compiled.parameterProblem(channel, name, value) === undefined;
  };
  return values.every(allows) ? values : undefined;
}

function reachedLevel(level: Level, filterLevel: string): readonly ReachedValue[] | undefined {
  if (level.kind === "text") return filterLevel === "+" || filterLevel === level.text ? [] : undefined;
  const { names } = level;
  if (filterLevel === "+") return names.filter((name) => name !== "").map((name) => ({ name, value: undefined }));
  const values = matchLevel(level, filterLevel);
  return values?.map((value, index) => ({ name: names[index]!, value })).filter(({ name }) => name !== "");
}
