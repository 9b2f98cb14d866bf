import type { Principal } from "../broker/authentication.ts";
import type { Refusal } from "../broker/policy.ts";
import { ReasonCode } from "../mqtt/reason-code.ts";
import { type Level, matchLevel, narrower } from "./address.ts";
import type { ParameterValue, Reached, ReachedValue } from "./channel-matcher.ts";
import type { CompiledContract } from "./compile.ts";
import type { Channel, Parameter } from "./contract.ts";
import { refusal } from "./message-check.ts";
import { foreignValue, type Grant, type Ownership, templateText } from "./rights.ts";
import type { RoleRights } from "./role-rights.ts";
import { shown } from "./shown.ts";

/** How far a subscription reaches. */
export interface Reach {
  /** undefined: it is granted. */
  readonly refusal: Refusal | undefined;
  /** Only what is the Principal's own is delivered: ask per topic. */
  readonly isFiltered: boolean;
  /** What it reaches. */
  readonly reached: readonly Reached[];
}

/** How far it reaches into one channel. */
type ChannelReach = Omit<Reach, "reached">;

/** Who asks. */
export interface Asker {
  readonly compiled: CompiledContract;
  readonly ownership: Ownership;
  readonly principal: Principal;
  readonly ofRoles: RoleRights;
}

/**
 * Whether every channel that a Topic Filter can reach may be read: wholly, or where the operation says `x-wildcard: own`
 * as far as it is the Principal's own. The first channel in the way refuses, and the refusal says what would do.
 */
export function reachOf(asker: Asker, topicFilter: string): Reach {
  const levels = topicFilter.split("/");
  if (topicFilter.startsWith("$")) return serverTopics(asker, levels);
  const reached = reachedBy(asker, topicFilter, levels);
  let isFiltered = false;
  for (const each of reached) {
    const reach = channelReach(asker, each.channel, each.values);
    if (reach.refusal === undefined) isFiltered ||= reach.isFiltered;
    else if (!isCovered(each, reached)) return { ...reach, reached };
  }
  if (reached.length === 0) return nothingThere(asker, topicFilter);
  return { refusal: undefined, isFiltered, reached };
}

/** The channels of a filter: without wildcards it is one topic, which is of one channel. */
function reachedBy({ compiled }: Asker, topicFilter: string, levels: readonly string[]): readonly Reached[] {
  if (levels.includes("+") || levels.at(-1) === "#") return compiled.matcher.reached(levels);
  const match = compiled.matcher.match(topicFilter);
  return match === undefined ? [] : [match];
}

/** Whether all topics that a filter reaches on a channel are of a narrower one. */
function isCovered({ channel, levels }: Reached, others: readonly Reached[]): boolean {
  if (channel.address.isOpen || levels === undefined) return false;
  return others.some(({ channel: other }) => {
    const { address, parameters } = other;
    if (address.isOpen || address.levels.length !== levels.length) return false;
    if (narrower(address, channel.address) >= 0) return false;
    return levels.every((text, index) => covers(address.levels[index]!, text, parameters));
  });
}

/** @param text what the filter says there; undefined leaves it open */
function covers(level: Level, text: string | undefined, parameters: Channel["parameters"]): boolean {
  if (level.kind === "text") return level.text === text;
  const fits = text === undefined ? level.texts.every((each) => each === "") : matchLevel(level, text) !== undefined;
  return fits && level.names.every((name) => isFree(parameters.get(name)));
}

function channelReach(asker: Asker, channel: Channel, values: readonly ReachedValue[]): ChannelReach {
  const { principal, ofRoles, ownership } = asker;
  const leaves = ofRoles.subscribe(channel);
  // Most roles own nothing in particular, and then the values do not matter.
  if (leaves.some(({ grant }) => grant.own.size === 0)) return granted;
  const fixed = values.filter((each): each is ParameterValue => each.value !== undefined);
  let filtered = false;
  for (const { operation, grant } of leaves) {
    if (foreignValue(grant, fixed, principal, ownership) !== undefined) continue;
    const isOpen = values.some(({ name, value }) => value === undefined && grant.own.has(name));
    if (!isOpen) return granted;
    if (operation.wildcard === "own") filtered = true;
  }
  if (filtered) return { refusal: undefined, isFiltered: true };
  return { refusal: inTheWay(asker, channel, fixed), isFiltered: false };
}

function isFree(parameter: Parameter | undefined): boolean {
  return parameter?.values === undefined && parameter?.schema === undefined;
}

const granted: ChannelReach = Object.freeze({ refusal: undefined, isFiltered: false });

function inTheWay(
  { principal, ofRoles, ownership }: Asker,
  channel: Channel,
  fixed: readonly ParameterValue[],
): Refusal {
  const [leave] = ofRoles.subscribe(channel);
  const { text } = channel.address;
  if (leave === undefined) {
    const operation = channel.subscribe[0];
    const scopes = operation?.security.map((each) => each.join(" and ")).filter((each) => each !== "") ?? [];
    const need =
      operation === undefined
        ? "clients cannot subscribe to it"
        : `it needs ${scopes.length === 0 ? "an account" : `the scope ${scopes.join(" or ")}`}`;
    const sentence = `the filter reaches ${text}, and ${need}${alternatives(ofRoles.grants, principal, channel)}`;
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

function serverTopics({ ofRoles: { grants }, compiled, principal }: Asker, levels: readonly string[]): Reach {
  if (levels[0] === "$SYS" && grants.some((grant) => grant.mayReadServerTopics))
    return { refusal: undefined, isFiltered: false, reached: [] };
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
    reached: [],
  };
}

function nothingThere({ compiled }: Asker, topicFilter: string): Reach {
  return {
    refusal: {
      reasonCode: ReasonCode.NotAuthorized,
      reasonString: `${shown(topicFilter, 100)} reaches no channel of ${compiled.contract.title}`,
      place: "",
    },
    isFiltered: false,
    reached: [],
  };
}
