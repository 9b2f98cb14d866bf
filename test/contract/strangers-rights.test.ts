import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Principal } from "../../src/broker/authentication.ts";
import type { ContractPolicy } from "../../src/contract/contract-policy.ts";
import { fuzz } from "../fuzz/budget.ts";
import { compile, document, policyOf, publish, somebody } from "./kit.ts";

// Who may, found out slowly: every topic of a small world is asked for by itself, with nothing but the document's words.

/** A channel as the document has it. */
interface Plan {
  readonly address: string;
  /** Values of {p}; undefined for any. */
  readonly values: readonly string[] | undefined;
  /** Scopes of each alternative; undefined when there is no such operation. */
  readonly receive: readonly (readonly string[])[] | undefined;
  readonly send: readonly (readonly string[])[] | undefined;
  readonly isOwnWildcard: boolean;
}

const roles: Readonly<Record<string, { scopes: readonly string[]; isOwner: boolean }>> = {
  reader: { scopes: ["read"], isOwner: false },
  writer: { scopes: ["write"], isOwner: false },
  owner: { scopes: ["read", "write"], isOwner: true },
};

const words = ["a", "b", "1", "2", "x-1", "x-2", "-"];

/** Every topic of up to three levels. */
const topics: readonly string[] = words.flatMap((first) => [
  first,
  ...words.flatMap((second) => [`${first}/${second}`, ...words.map((third) => `${first}/${second}/${third}`)]),
]);

const alternatives = fc.option(
  fc.array(fc.uniqueArray(fc.constantFrom("read", "write"), { minLength: 1 }), { minLength: 1, maxLength: 2 }),
  { nil: undefined },
);

const plans: fc.Arbitrary<readonly Plan[]> = fc
  .array(
    fc.record({
      address: fc
        .array(fc.constantFrom("a", "b", "1", "{}", "{}", "x-{}"), { minLength: 1, maxLength: 3 })
        .map((levels) => ["p", "q", "r"].reduce((text, name) => text.replace("{}", `{${name}}`), levels.join("/"))),
      values: fc.option(fc.constantFrom(["1"], ["1", "2"]), { nil: undefined, freq: 2 }),
      receive: alternatives,
      send: alternatives,
      isOwnWildcard: fc.boolean(),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((all) => all.filter(({ address }, index) => all.findIndex((other) => other.address === address) === index));

const people: readonly Principal[] = [
  somebody("", []),
  somebody("nobody", []),
  ...Object.keys(roles).map((role) => somebody(role, [role], { ids: ["1"] })),
  somebody("both", ["reader", "owner"], { ids: ["2", "a"] }),
];

const filters = fc
  .tuple(
    fc.array(fc.constantFrom(...words, "+", "+", "+"), { minLength: 1, maxLength: 3 }),
    fc.constantFrom("", "", "/#"),
  )
  .map(([levels, end]) => `${levels.join("/")}${end}`);

test("who may publish, subscribe and receive is what a slow reading of the document says", async (context) => {
  await fuzz(
    context,
    fc.property(plans, fc.array(filters, { minLength: 8, maxLength: 8 }), (all, some) => {
      const { compiled } = compile(documentFor(all));
      // Ambiguous ones are refused.
      if (compiled === undefined) return;
      const { policy } = policyOf(compiled);
      for (const principal of people) {
        for (const topic of topics) checkTopic(policy, principal, all, topic);
        for (const filter of ["#", ...some]) checkFilter(policy, principal, all, filter);
      }
    }),
  );
});

function checkTopic(policy: ContractPolicy, principal: Principal, all: readonly Plan[], topic: string): void {
  const found = planOf(all, topic);
  const refusal = policy.mayPublish(principal, publish(topic, "anything"));
  const may = found !== undefined && mayUse(found.plan.receive, found.values, principal);
  assert.equal(refusal?.reasonCode, may ? undefined : found === undefined ? 0x90 : 0x87, `${principal.name} ${topic}`);
  assert.equal(policy.mayReceive(principal, topic), mayReceive(all, topic, principal), `${principal.name} ${topic}`);
}

function checkFilter(policy: ContractPolicy, principal: Principal, all: readonly Plan[], filter: string): void {
  const reached = topics.filter((topic) => matches(filter, topic) && planOf(all, topic) !== undefined);
  const forbidden = reached.filter((topic) => !mayReceive(all, topic, principal));
  const { refusal, isFiltered } = policy.reach(principal, filter);
  const what = `${principal.name} ${filter}: ${refusal?.reasonString ?? "granted"}`;
  if (refusal === undefined && !isFiltered) assert.deepEqual(forbidden, [], what);
  // Which of the values of an enum are another channel's is not looked into.
  if (refusal !== undefined && all.every(({ values }) => values === undefined)) {
    assert.ok(reached.length === 0 || forbidden.length > 0, what);
  }
  if (reached.length === 0 && !filter.includes("#") && !filter.includes("+")) assert.ok(refusal !== undefined, what);
}

function documentFor(all: readonly Plan[]): string {
  const security = (scopes: readonly (readonly string[])[]): string =>
    JSON.stringify(scopes.map((each) => ({ type: "oauth2", flows: {}, scopes: each })));
  const channels = all.map(({ address, values }, index) => {
    const names = [...address.matchAll(/\{(.)\}/g)].map(([, name]) => name!);
    const parameters = Object.fromEntries(names.map((name) => [name, name === "p" && values ? { enum: values } : {}]));
    return `  c${index}: ${JSON.stringify({ address, parameters })}`;
  });
  const operations = all.flatMap(({ receive, send, isOwnWildcard }, index) => {
    const channel = `channel: { $ref: "#/channels/c${index}" }`;
    const wildcard = isOwnWildcard ? ", x-wildcard: own" : "";
    return [
      ...(receive === undefined
        ? []
        : [`  r${index}: { action: receive, ${channel}, security: ${security(receive)} }`]),
      ...(send === undefined
        ? []
        : [`  s${index}: { action: send, ${channel}, security: ${security(send)}${wildcard} }`]),
    ];
  });
  return document(
    [
      "x-roles:",
      ...Object.entries(roles).map(([name, { scopes, isOwner }]) => {
        return `  ${name}: ${JSON.stringify({ scopes, ...(isOwner && usesP(all) ? { own: { p: "claim:ids" } } : {}) })}`;
      }),
      // So that every scope is asked for.
      "channels:",
      "  all: { address: no/body/ever/here }",
      ...channels,
      "operations:",
      `  all: { action: send, channel: { $ref: "#/channels/all" }, security: ${security([["read"], ["write"]])} }`,
      ...operations,
      "",
    ].join("\n"),
  );
}

function usesP(all: readonly Plan[]): boolean {
  return all.some(({ address }) => address.includes("{p}"));
}

interface Found {
  readonly plan: Plan;
  readonly values: ReadonlyMap<string, string>;
}

/** The plan of a topic: of those that fit the one that is narrower wherever they differ. */
function planOf(all: readonly Plan[], topic: string): Found | undefined {
  const fitting = all.map((plan) => ({ plan, values: valuesIn(plan, topic) }));
  const found = fitting.filter((each): each is Found => each.values !== undefined);
  return found.find(({ plan }) => found.every((other) => isAsNarrow(plan.address, other.plan.address)));
}

function valuesIn({ address, values }: Plan, topic: string): ReadonlyMap<string, string> | undefined {
  const pattern = address.replaceAll(/\{(.)\}/g, "(?<$1>[^/]+)");
  const match = new RegExp(`^${pattern}$`).exec(topic);
  if (match === null) return undefined;
  const named = new Map(Object.entries(match.groups ?? {}));
  const p = named.get("p");
  return p !== undefined && values !== undefined && !values.includes(p) ? undefined : named;
}

function isAsNarrow(address: string, other: string): boolean {
  const widths = (text: string): number[] =>
    text.split("/").map((level) => (level.startsWith("{") ? 2 : level.includes("{") ? 1 : 0));
  const others = widths(other);
  return widths(address).every((width, index) => width <= others[index]!);
}

function mayUse(
  security: Plan["send"],
  values: ReadonlyMap<string, string>,
  { roles: held, claims }: Principal,
): boolean {
  return held.some((name) => {
    const role = roles[name]!;
    const isLet = security?.some((scopes) => scopes.every((scope) => role.scopes.includes(scope))) ?? false;
    const p = values.get("p");
    return isLet && (!role.isOwner || p === undefined || (claims?.get("ids")?.includes(p) ?? false));
  });
}

function mayReceive(all: readonly Plan[], topic: string, principal: Principal): boolean {
  const found = planOf(all, topic);
  return found !== undefined && mayUse(found.plan.send, found.values, principal);
}

function matches(filter: string, topic: string): boolean {
  const pattern = filter
    .split("/")
    .map((level) => (level === "+" ? "[^/]*" : level === "#" ? ".*" : level))
    .join("/");
  return new RegExp(`^${pattern}$`).test(topic) || (filter.endsWith("/#") && matches(filter.slice(0, -2), topic));
}
