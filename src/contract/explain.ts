import type { Principal } from "../broker/authentication.ts";
import { sharedIsNotLimited } from "../broker/handle-subscribe.ts";
import { createLimits } from "../broker/limits.ts";
import type { PublishRequest, Refusal } from "../broker/policy.ts";
import { serverTopic } from "../broker/publish-checks.ts";
import { ReasonCode } from "../mqtt/reason-code.ts";
import { parseTopicFilter } from "../topics/topic-filter.ts";
import { topicNameProblem } from "../topics/topic-name.ts";
import type { CompiledContract } from "./compile.ts";
import type { Operation } from "./contract.ts";
import { ContractPolicy } from "./contract-policy.ts";
import type { Place } from "./finding.ts";
import { grantsOf, leavesFor, type Ownership } from "./rights.ts";

/** What the broker would do, and by which rule. */
export interface Explanation {
  readonly isAllowed: boolean;
  /** Why not; undefined when it is allowed. */
  readonly refusal: Refusal | undefined;
  /** The rules that let it: operations with their places, and through which role. */
  readonly rules: readonly ExplainedRule[];
  /** What else is worth knowing, as sentences. */
  readonly notes: readonly string[];
}

/** An operation that says yes. */
export interface ExplainedRule {
  readonly operation: string;
  readonly role: string;
  readonly place: Place;
}

/** Asks the broker's own code about a PUBLISH. */
export function explainPublish(
  compiled: CompiledContract,
  ownership: Ownership,
  principal: Principal,
  publish: PublishRequest,
): Explanation {
  const topicProblem = topicNameProblem(publish.topicName, createLimits());
  if (topicProblem !== undefined) {
    return refused({ reasonCode: ReasonCode.TopicNameInvalid, reasonString: topicProblem, place: "" });
  }
  if (publish.topicName.startsWith("$")) return refused(serverTopic);
  const observed: Refusal[] = [];
  const policy = new ContractPolicy(compiled, ownership, (_principal, refusal) => observed.push(refusal));
  const refusal = policy.mayPublish(principal, publish);
  const match = compiled.matcher.match(publish.topicName);
  if (refusal !== undefined) return refused(refusal);
  if (match === undefined) return { isAllowed: true, refusal: undefined, rules: [], notes: [] };
  const grants = grantsOf(compiled.contract.roles, principal);
  const leaves = leavesFor(match.channel.publish, grants, principal);
  const notes = observed.map(({ reasonString }) => `would be refused, but is only observed: ${reasonString}`);
  const [leave] = leaves;
  if (leave !== undefined) notes.push(...deliveryNotes(leave.operation, publish));
  return {
    isAllowed: true,
    refusal: undefined,
    rules: leaves.map(({ operation, grant }) => ruleOf(operation, grant.roleName)),
    notes,
  };
}

/**
 * Asks the broker's own code about a subscription.
 * @param topicFilter with its `$share/{ShareName}/`, if there is one
 * @throws ProtocolError for what is no Topic Filter
 */
export function explainSubscribe(
  compiled: CompiledContract,
  ownership: Ownership,
  principal: Principal,
  topicFilter: string,
): Explanation {
  const policy = new ContractPolicy(compiled, ownership, () => {});
  const parsed = parseTopicFilter(topicFilter);
  const { refusal, isFiltered, reached } = policy.reach(principal, parsed.topicFilter);
  if (refusal !== undefined) return refused(refusal);
  if (isFiltered && parsed.shareName !== undefined) {
    return refused({ reasonCode: ReasonCode.NotAuthorized, reasonString: sharedIsNotLimited, place: "" });
  }
  const grants = grantsOf(compiled.contract.roles, principal);
  const rules = reached.flatMap(({ channel }) =>
    leavesFor(channel.subscribe, grants, principal).map(({ operation, grant }) => ruleOf(operation, grant.roleName)),
  );
  const notes = isFiltered ? ["only what is its own is delivered (x-wildcard: own)"] : [];
  return { isAllowed: true, refusal: undefined, rules, notes };
}

function refused(refusal: Refusal): Explanation {
  return { isAllowed: false, refusal, rules: [], notes: [] };
}

function ruleOf(operation: Operation, role: string): ExplainedRule {
  return { operation: operation.name, role, place: operation.place };
}

/** What the binding advises and nobody is refused for. */
function deliveryNotes(operation: Operation, { qos, retain, properties }: PublishRequest): readonly string[] {
  const notes: string[] = [];
  if (operation.qos !== undefined && qos < operation.qos)
    notes.push(`QoS ${qos} is below the ${operation.qos} of ${operation.name}`);
  if (operation.retain === true && !retain) notes.push(`${operation.name} is a snapshot, so RETAIN should be 1`);
  if (operation.messageExpirySeconds !== undefined && properties.messageExpiryIntervalSeconds === undefined) {
    notes.push(`it gets a Message Expiry Interval of ${operation.messageExpirySeconds} s`);
  }
  return notes;
}
