import type { AuthenticationRequest, Verdict } from "../broker/authentication.ts";
import {
  allCapabilities,
  type Capabilities,
  createLimits,
  type Limits,
  type QueueOverflow,
  queueOverflows,
} from "../broker/limits.ts";
import type { Policy, Refusal, RefusalReasonCode } from "../broker/policy.ts";
import { ReasonCode } from "../mqtt/reason-code.ts";
import { matches } from "../topics/match.ts";
import { type Header, type Scenario, ScenarioError } from "./scenario.ts";

/** The broker that a scenario wants, as plain data. */
export interface ScenarioSettings {
  readonly limits: Limits;
  readonly capabilities: Capabilities;
  /** `drop-oldest` when it is left out. */
  readonly queueOverflow?: QueueOverflow;
  /** The first that decides stands; what none decides is allowed. */
  readonly rules: readonly ScenarioRule[];
  /** User Names and passwords; undefined lets everybody in. */
  readonly accounts: Readonly<Record<string, string>> | undefined;
  readonly method: ScenarioMethod | undefined;
  readonly responseInformation: string | undefined;
}

/** `access: deny publish "a/#" 0x99`. */
export interface ScenarioRule {
  readonly allows: boolean;
  readonly verb: "publish" | "subscribe" | "all";
  /** Matches a Topic Name, or is the Topic Filter itself. */
  readonly topicFilter: string;
  readonly reasonCode: RefusalReasonCode;
}

/** An Authentication Method with one challenge (§4.12): `method: "DEMO" challenge="c" response="r" success="s"`. */
export interface ScenarioMethod {
  readonly name: string;
  readonly challenge: string;
  readonly response: string;
  readonly success: string;
}

/**
 * What the headers of a scenario ask for.
 * @throws ScenarioError for a header that says nothing
 */
export function settingsOf(scenario: Scenario): ScenarioSettings {
  const { file, headers } = scenario;
  const limits = valuesOf(file, headers, "limits", createLimits());
  const capabilities = valuesOf(file, headers, "capabilities", allCapabilities);
  const known = ["limits", "capabilities", "overflow", "access", "accounts", "method", "response"];
  for (const { key, line } of headers) {
    if (!known.includes(key))
      throw new ScenarioError(file, line, `headers are version, ${known.join(", ")}; this is ${key}`);
  }
  const overflow = headers.find(({ key }) => key === "overflow");
  const rules = headers.filter(({ key }) => key === "access").map((header) => ruleOf(file, header));
  const accounts = headers.find(({ key }) => key === "accounts");
  const method = headers.find(({ key }) => key === "method");
  const response = headers.find(({ key }) => key === "response");
  return {
    limits,
    capabilities,
    ...(overflow === undefined ? {} : { queueOverflow: overflowOf(file, overflow) }),
    rules,
    accounts: accounts === undefined ? undefined : textsOf(accounts.value),
    method: method === undefined ? undefined : methodOf(file, method),
    responseInformation: response === undefined ? undefined : (JSON.parse(response.value) as string),
  };
}

function valuesOf<Values extends object>(
  file: string,
  headers: readonly Header[],
  key: string,
  defaults: Values,
): Values {
  const values = { ...defaults } as Record<string, unknown>;
  for (const header of headers) {
    if (header.key !== key) continue;
    for (const word of header.value.split(/\s+/)) {
      const [, name = "", value = ""] = /^(\w+)=(\d+|true|false)$/.exec(word) ?? [];
      if (!(name in defaults)) throw new ScenarioError(file, header.line, `${key} has no ${word}`);
      values[name] = value === "true" || value === "false" ? value === "true" : Number(value);
    }
  }
  return values as Values;
}

function overflowOf(file: string, { line, value }: Header): QueueOverflow {
  const found = queueOverflows.find((word) => word === value);
  if (found === undefined) throw new ScenarioError(file, line, `overflow is ${queueOverflows.join(" or ")}`);
  return found;
}

function textsOf(value: string): Readonly<Record<string, string>> {
  const pairs = value.matchAll(/(\w+)=("(?:[^"\\]|\\.)*")/g);
  return Object.fromEntries([...pairs].map(([, name, text]) => [name, JSON.parse(text as string) as string]));
}

function ruleOf(file: string, { line, value }: Header): ScenarioRule {
  const match = /^(allow|deny) (publish|subscribe|all) ("(?:[^"\\]|\\.)*")(?: 0x(..))?$/.exec(value);
  if (match === null)
    throw new ScenarioError(file, line, 'access is: allow|deny publish|subscribe|all "filter" [0xNN]');
  const [, effect, verb, filter, code] = match;
  return {
    allows: effect === "allow",
    verb: verb as ScenarioRule["verb"],
    topicFilter: JSON.parse(filter as string) as string,
    reasonCode: (code === undefined ? ReasonCode.NotAuthorized : Number.parseInt(code, 16)) as RefusalReasonCode,
  };
}

function methodOf(file: string, { line, value }: Header): ScenarioMethod {
  const name = /^("(?:[^"\\]|\\.)*")/.exec(value)?.[1];
  const { challenge, response, success } = textsOf(value);
  if (name === undefined || challenge === undefined || response === undefined || success === undefined) {
    throw new ScenarioError(file, line, 'method is: "NAME" challenge="…" response="…" success="…"');
  }
  return { name: JSON.parse(name) as string, challenge, response, success };
}

/** The access rules as a Policy. */
export function policyOf({ rules }: ScenarioSettings): Policy {
  const refusal = (verb: "publish" | "subscribe", topic: string): Refusal | undefined => {
    const rule = rules.find(
      (one) =>
        (one.verb === verb || one.verb === "all") && (one.topicFilter === topic || matches(one.topicFilter, topic)),
    );
    if (rule === undefined || rule.allows) return undefined;
    return { reasonCode: rule.reasonCode, reasonString: `${verb} ${topic} is denied`, place: "" };
  };
  return {
    mayPublish: (_principal, { topicName }) => refusal("publish", topicName),
    maySubscribe: (_principal, topicFilter) => refusal("subscribe", topicFilter),
  };
}

/** Who that is, by the accounts and the method. */
export function verdictOf(settings: ScenarioSettings, request: AuthenticationRequest): Verdict {
  if (request.authenticationMethod !== undefined) return methodVerdict(settings, request);
  const { accounts } = settings;
  const { userName, password } = request;
  if (accounts !== undefined) {
    const given = password === undefined ? undefined : Buffer.from(password).toString("utf8");
    const isKnown = userName !== undefined && Object.hasOwn(accounts, userName) && accounts[userName] === given;
    if (!isKnown) return refuse(ReasonCode.BadUserNameOrPassword);
  }
  return accept(request, undefined);
}

function methodVerdict({ method }: ScenarioSettings, request: AuthenticationRequest): Verdict {
  if (method === undefined || request.authenticationMethod !== method.name)
    return refuse(ReasonCode.BadAuthenticationMethod);
  if (request.step !== "continue") return { kind: "continue", authenticationData: Buffer.from(method.challenge) };
  const isRight = Buffer.from(request.authenticationData ?? []).toString("utf8") === method.response;
  return isRight ? accept(request, Buffer.from(method.success)) : refuse(ReasonCode.NotAuthorized);
}

function accept({ clientId, userName }: AuthenticationRequest, authenticationData: Uint8Array | undefined): Verdict {
  return { kind: "accept", principal: { tenant: 0, name: userName ?? "", roles: [], clientId }, authenticationData };
}

function refuse(reasonCode: Extract<Verdict, { kind: "refuse" }>["reasonCode"]): Verdict {
  return { kind: "refuse", reasonCode, reasonString: undefined, serverReference: undefined };
}
