import { basename } from "node:path";
import type { Channel, ChannelMessage, Contract, Operation, OwnTemplate, Role } from "./contract.ts";
import { code, jsonText, table } from "./markdown.ts";
import { schemaPage } from "./schema-page.ts";
import type { Sources } from "./sources.ts";

/** The topics of a contract as a page in Markdown: who may do what on each, and what it carries. */
export function contractDocs(contract: Contract, sources: Sources): string {
  const { title, version, file, roles, channels } = contract;
  const origin = `Printed from ${code(basename(file))} by ${code("petstore-mqtt contract docs")}.`;
  const lines = [`# Topics of ${title} ${version}`, "", origin, ""];
  if (roles.size > 0) lines.push(...matrix(roles, channels), ...ownership(roles, channels));
  for (const channel of channels) lines.push(...channelText(channel, roles, sources));
  return `${lines.join("\n").replace(/\n+$/, "")}\n`;
}

const ownWord = "own";
const ownByIdWord = "own by id";

/** What a role may do on a channel: `publish`, `subscribe`, both, with how they are limited; empty for nothing. */
function rightsText(role: Role, channel: Channel): string {
  const { publish, subscribe } = channel;
  const isOwn = isLimited(role, channel);
  const wildcards = usable(role, subscribe).some(({ wildcard }) => wildcard === "own");
  const rights: string[] = [];
  if (usable(role, publish).length > 0) rights.push(isOwn ? `publish ${ownWord}` : "publish");
  if (usable(role, subscribe).length > 0) {
    rights.push(isOwn ? `subscribe ${wildcards ? ownWord : ownByIdWord}` : "subscribe");
  }
  return rights.join(", ");
}

function isLimited({ own }: Role, { parameters }: Channel): boolean {
  return [...parameters.keys()].some((name) => own.has(name));
}

function usable({ scopes }: Role, operations: readonly Operation[]): readonly Operation[] {
  return operations.filter(
    ({ security, isPublic }) => isPublic || security.some((all) => all.every((scope) => scopes.has(scope))),
  );
}

function matrix(roles: ReadonlyMap<string, Role>, channels: readonly Channel[]): readonly string[] {
  const all = [...roles.values()];
  const described = all.filter(({ description }) => description !== "");
  return [
    "## Who may do what",
    "",
    ...described.map(({ name, description }) => `- **${name}**: ${oneLine(description)}`),
    ...(described.length === 0 ? [] : [""]),
    ...table(
      ["Topic", ...all.map(({ name }) => name)],
      [
        ...channels.map((channel) => [
          code(channel.address.text),
          ...all.map((role) => rightsText(role, channel) || "–"),
        ]),
        [code("$SYS/#"), ...all.map((role) => (role.mayReadServerTopics ? "subscribe" : "–"))],
      ],
    ),
    "",
  ];
}

/** What the words of limited rights mean, as far as they stand in the table, and whose is what. */
function ownership(roles: ReadonlyMap<string, Role>, channels: readonly Channel[]): readonly string[] {
  const all = [...roles.values()];
  const cells = channels.flatMap((channel) => all.map((role) => rightsText(role, channel)));
  const words: string[] = [];
  if (cells.some((cell) => cell.endsWith(ownWord) || cell.includes(`${ownWord},`))) {
    words.push(`_${ownWord}_: only with ids that belong to the client; a wildcard brings no others.`, "");
  }
  if (cells.some((cell) => cell.endsWith(ownByIdWord))) {
    words.push(`_${ownByIdWord}_: only with ids that belong to the client, written out; a wildcard is refused.`, "");
  }
  if (words.length === 0) return [];
  const owned = all.flatMap(({ name, own }) =>
    [...own].map(([parameter, template]) => [name, code(`{${parameter}}`), ownText(template)]),
  );
  return [...words, ...table(["Role", "Id", "belongs to the client when it is"], owned), ""];
}

function ownText(template: OwnTemplate): string {
  switch (template.kind) {
    case "clientId":
      return "its Client Identifier";
    case "userName":
      return "its user name";
    case "claim":
      return `one of its claims ${code(template.name)}`;
    case "certificate":
      return `${template.name} of its certificate`;
    case "store":
      return `one of its ${code(template.name)}`;
  }
}

function channelText(channel: Channel, roles: ReadonlyMap<string, Role>, sources: Sources): readonly string[] {
  const { address, title, description, publish, subscribe, messages } = channel;
  const lines = [`## ${code(address.text)}`, ""];
  const sentences = [title === "" ? "" : `${title}.`, oneLine(description)].filter((each) => each !== "");
  if (sentences.length > 0) lines.push(sentences.join(" "), "");
  lines.push(...deliveryText(publish[0] ?? subscribe[0]));
  if (roles.size > 0) {
    lines.push(`Published by ${holders(roles, publish)}; read by ${holders(roles, subscribe)}.`, "");
  }
  for (const { name, values } of channel.parameters.values()) {
    if (values !== undefined) lines.push(`${code(`{${name}}`)} is one of ${values.map(code).join(", ")}.`, "");
  }
  for (const message of messages) lines.push(...messageText(message, sources));
  return lines;
}

function holders(roles: ReadonlyMap<string, Role>, operations: readonly Operation[]): string {
  const names = [...roles.values()].filter((role) => usable(role, operations).length > 0).map(({ name }) => name);
  return names.length === 0 ? "nobody" : names.join(", ");
}

function deliveryText(operation: Operation | undefined): readonly string[] {
  if (operation === undefined) return [];
  const { qos, minimumQoS, retain, messageExpirySeconds } = operation;
  const parts: string[] = [];
  if (qos !== undefined) parts.push(`QoS ${qos}`);
  if (minimumQoS > 0) parts.push(`not below QoS ${minimumQoS}`);
  if (retain !== undefined) parts.push(retain ? "retained" : "not retained");
  if (messageExpirySeconds !== undefined) parts.push(`expires after ${durationText(messageExpirySeconds)}`);
  return parts.length === 0 ? [] : [`${parts.join(", ")}.`, ""];
}

/** In the largest unit that is exact. */
function durationText(seconds: number): string {
  const units = [
    [86_400, "day"],
    [3_600, "hour"],
    [60, "minute"],
  ] as const;
  const [size, unit] = units.find(([each]) => seconds >= each && seconds % each === 0) ?? [1, "second"];
  const count = seconds / size;
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

function messageText({ name, contentType, payload, examples }: ChannelMessage, sources: Sources): readonly string[] {
  const lines = [`### ${name}`, ""];
  const isJson = contentType === "application/json";
  if (!isJson) lines.push(`Content type ${code(contentType)}.`, "");
  const schema = payload?.schema;
  if (typeof schema === "object") lines.push(...schemaPage(schema, sources));
  for (const { owner } of examples) {
    const example = owner["payload"];
    if (example === undefined || example === "") continue;
    const isText = !isJson && typeof example === "string";
    lines.push(isText ? "```text" : "```json", isText ? example : jsonText(example), "```", "");
  }
  return lines;
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, " ");
}
