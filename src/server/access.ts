import { basename } from "node:path";
import type { Principal } from "../broker/authentication.ts";
import type { Policy, PublishRequest, Refusal } from "../broker/policy.ts";
import { ReasonCode } from "../mqtt/reason-code.ts";
import { covers, overlaps } from "../topics/covers.ts";
import { matches } from "../topics/match.ts";

/** One line under `access:`. */
export interface AccessRule {
  readonly effect: "allow" | "deny";
  readonly verb: "publish" | "subscribe" | "all";
  /** A Topic Filter in which `%c` is the Client Identifier and `%u` the account's name. */
  readonly topicFilter: string;
  /** Only for Principals with this role; undefined for all. */
  readonly role: string | undefined;
  /** Only for the account of this name; undefined for all. */
  readonly user: string | undefined;
  /** Where it stands, as `file:line:column`; empty when it is built in. */
  readonly place: string;
}

/** What an access policy is made of. */
export interface AccessOptions {
  readonly rules: readonly AccessRule[];
  /** What happens where no rule fits. */
  readonly otherwise: "allow" | "deny";
  /** Where a rule can be added, for people: `access in broker.yaml`. */
  readonly rulesStand: string;
}

/**
 * Compiles access rules. The first rule that fits decides.
 *
 * - A rule fits a PUBLISH or a Will when its filter matches the Topic Name.
 * - A rule fits a subscription when its filter covers every topic that the Topic Filter can match. An allow does not reach
 *   over a deny before it: a subscription that would include what such a deny keeps out is refused, or the deny were void.
 * - Where no rule fits, `otherwise` decides. So with `allow` a wildcard is granted although a deny stands inside of it; what
 *   that keeps out is not delivered.
 * - `%c` and `%u` do not fit when they are empty or hold `+`, `#` or `/`, or begin a topic with `$`.
 *
 * What is refused is 0x87 Not authorized.
 */
export function createAccessPolicy(options: AccessOptions): Policy {
  return new AccessPolicy(options);
}

/** How many decisions about a PUBLISH are remembered, over all Principals; then all are forgotten. */
const decisionsMax = 65_536;

/** Decisions about longer Topic Names are not remembered, in UTF-16 units. */
const rememberedLengthMax = 256;

/** A rule for one Principal: `%c` and `%u` are filled in. */
interface BoundRule {
  readonly rule: AccessRule;
  readonly topicFilter: string;
}

/** What one Principal may do. */
interface Rights {
  readonly publish: readonly BoundRule[];
  readonly subscribe: readonly BoundRule[];
  readonly decisions: Map<string, Refusal | "allowed">;
}

class AccessPolicy implements Policy {
  readonly #options: AccessOptions;
  readonly #publishRules: readonly AccessRule[];
  readonly #subscribeRules: readonly AccessRule[];
  #rights: WeakMap<Principal, Rights> = new WeakMap();
  #decisions = 0;

  constructor(options: AccessOptions) {
    this.#options = options;
    this.#publishRules = options.rules.filter((rule) => rule.verb !== "subscribe");
    this.#subscribeRules = options.rules.filter((rule) => rule.verb !== "publish");
  }

  mayPublish(principal: Principal, publish: PublishRequest): Refusal | undefined {
    if (this.#publishRules.length === 0 && this.#options.otherwise === "allow") return undefined;
    const { topicName } = publish;
    const rights = this.#rightsOf(principal);
    const remembered = rights.decisions.get(topicName);
    if (remembered !== undefined) return remembered === "allowed" ? undefined : remembered;
    const refusal = this.#decidePublish(principal, rights, topicName);
    if (topicName.length <= rememberedLengthMax) this.#remember(rights, topicName, refusal ?? "allowed");
    return refusal;
  }

  maySubscribe(principal: Principal, topicFilter: string): Refusal | undefined {
    const { subscribe } = this.#rightsOf(principal);
    let keptOut: AccessRule | undefined;
    for (const bound of subscribe) {
      const { effect } = bound.rule;
      if (covers(bound.topicFilter, topicFilter)) {
        if (effect === "deny") return denied(bound.rule);
        return keptOut === undefined ? undefined : includes(keptOut);
      }
      if (effect === "deny" && overlaps(bound.topicFilter, topicFilter)) keptOut ??= bound.rule;
    }
    if (this.#options.otherwise === "allow") return undefined;
    const allowed = subscribe.filter(({ rule, topicFilter: filter }) => {
      return rule.effect === "allow" && overlaps(filter, topicFilter);
    });
    return this.#unruled(
      principal,
      "subscribe to it",
      allowed.map((bound) => bound.topicFilter),
    );
  }

  /** Where no rule fits everything is allowed, so a wildcard is granted over what a deny keeps out. */
  isFiltered(principal: Principal, topicFilter: string): boolean {
    if (this.#options.otherwise === "deny") return false;
    return this.#rightsOf(principal).subscribe.some(({ rule, topicFilter: filter }) => {
      return rule.effect === "deny" && overlaps(filter, topicFilter);
    });
  }

  mayReceive(principal: Principal, topicName: string): boolean {
    return this.maySubscribe(principal, topicName) === undefined;
  }

  #decidePublish(principal: Principal, rights: Rights, topicName: string): Refusal | undefined {
    const bound = rights.publish.find(({ topicFilter }) => matches(topicFilter, topicName));
    if (bound !== undefined) return bound.rule.effect === "allow" ? undefined : denied(bound.rule);
    return this.#options.otherwise === "allow" ? undefined : this.#unruled(principal, "publish to it", []);
  }

  #rightsOf(principal: Principal): Rights {
    const known = this.#rights.get(principal);
    if (known !== undefined) return known;
    const rights: Rights = {
      publish: boundRules(this.#publishRules, principal),
      subscribe: boundRules(this.#subscribeRules, principal),
      decisions: new Map(),
    };
    this.#rights.set(principal, rights);
    return rights;
  }

  #remember(rights: Rights, topicName: string, decision: Refusal | "allowed"): void {
    if (this.#decisions >= decisionsMax) {
      this.#rights = new WeakMap();
      this.#decisions = 0;
      return;
    }
    rights.decisions.set(topicName, decision);
    this.#decisions += 1;
  }

  #unruled({ name, roles }: Principal, what: string, allowed: readonly string[]): Refusal {
    const who = name === "" ? "an anonymous client" : roles.length === 0 ? `${name}` : `${name} (${roles.join(", ")})`;
    const instead = allowed.length === 0 ? "" : `; allowed here: ${allowed.slice(0, alternativesMax).join(", ")}`;
    const mend = `to change that, add a rule to ${this.#options.rulesStand}`;
    return refusal(`No access rule lets ${shortened(who)} ${what}${shortened(instead)}; ${mend}`, "");
  }
}

/** How many filters that would do a refusal names. */
const alternativesMax = 4;

function boundRules(rules: readonly AccessRule[], principal: Principal): BoundRule[] {
  const bound: BoundRule[] = [];
  for (const rule of rules) {
    if (rule.role !== undefined && !principal.roles.includes(rule.role)) continue;
    if (rule.user !== undefined && rule.user !== principal.name) continue;
    const topicFilter = filledIn(rule.topicFilter, principal);
    if (topicFilter !== undefined) bound.push({ rule, topicFilter });
  }
  return bound;
}

/** The filter for this Principal; undefined when a name in it would change where it reaches. */
function filledIn(topicFilter: string, { clientId, name }: Principal): string | undefined {
  let isSafe = true;
  const filled = topicFilter.replace(/%[cu]/g, (placeholder, offset: number) => {
    const value = placeholder === "%c" ? clientId : name;
    if (value === "" || /[+#/]/.test(value) || (offset === 0 && value.startsWith("$"))) isSafe = false;
    return value;
  });
  return isSafe ? filled : undefined;
}

function denied(rule: AccessRule): Refusal {
  return refusal(`Denied by ${ruleText(rule)}; use another topic, or change that rule`, rule.place);
}

function includes(rule: AccessRule): Refusal {
  const sentence = `It would include what ${ruleText(rule)} keeps out; subscribe to narrower filters, or change that rule`;
  return refusal(sentence, rule.place);
}

/** The rule as it is written, and where. Clients see it: of the file only its name. */
function ruleText({ effect, verb, topicFilter, role, user, place }: AccessRule): string {
  const parts = [`${effect}: ${verb}`, `topic: "${shortened(topicFilter)}"`];
  if (role !== undefined) parts.push(`role: ${role}`);
  if (user !== undefined) parts.push(`user: ${user}`);
  return `{ ${parts.join(", ")} }${place === "" ? "" : ` (${basename(place)})`}`;
}

/** A Reason String has a limit, and these texts come from people. */
function shortened(text: string): string {
  const characters = [...text];
  return characters.length <= 300 ? text : `${characters.slice(0, 300).join("")}…`;
}

function refusal(reasonString: string, place: string): Refusal {
  return Object.freeze({ reasonCode: ReasonCode.NotAuthorized, reasonString, place });
}
