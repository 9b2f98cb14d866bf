import { checkChannels } from "./check-channels.ts";
import type { Channel, Contract, Role } from "./contract.ts";
import type { Finding } from "./finding.ts";
import { checkKeys } from "./known-keys.ts";
import { readChannels } from "./read-channels.ts";
import { MessageReader } from "./read-messages.ts";
import { readOperations, type View } from "./read-operations.ts";
import { readRoles } from "./read-roles.ts";
import { readServers, topicPrefix } from "./read-servers.ts";
import { Reading, shown } from "./reading.ts";
import { isValueMap, type ReadFile, Sources, type ValueMap } from "./sources.ts";

/** How a document is to be read. */
export interface ReadContractOptions {
  /** Reads the contract's files; the document, and those that it refers to. */
  readonly read: ReadFile;
  readonly view: View;
}

/** A document that was read, and what is wrong with it. */
export interface ReadContract {
  /** undefined when it is no AsyncAPI 3 document at all. */
  readonly contract: Contract | undefined;
  readonly sources: Sources;
}

/**
 * Reads an AsyncAPI 3.0 document and collects everything that is wrong with it in `sources.findings`.
 * @param file its path as people gave it
 */
export function readContract(file: string, { read, view }: ReadContractOptions): ReadContract {
  const sources = new Sources(read);
  const reading = new Reading(sources);
  const document = sources.open(file);
  if (document === undefined) return { contract: undefined, sources };
  if (!isValueMap(document)) {
    notAsyncApi(sources, file, `${file} is no AsyncAPI document but ${shown(document)}`);
    return { contract: undefined, sources };
  }
  if (!checkVersion(reading, file, document)) return { contract: undefined, sources };
  return { contract: contractOf(reading, file, document, view), sources };
}

/** In the order of the files. */
export function sortedFindings(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted(({ place: a }, { place: b }) => {
    return a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.column - b.column;
  });
}

function contractOf(reading: Reading, file: string, document: ValueMap, view: View): Contract {
  checkKeys(reading, "document", document);
  const info = reading.map(document, "info") ?? {};
  const servers = readServers(reading, document);
  const messages = new MessageReader(reading, reading.text(document, "defaultContentType"));
  const drafts = readChannels(reading, document, messages, topicPrefix(reading, document, servers));
  const isSecured = servers.some((server) => server.isSecured);
  readOperations(reading, document, { channels: drafts, messages, view, isSecured });
  const channels: readonly Channel[] = drafts.map(({ map, ...channel }) => ({
    ...channel,
    place: reading.sources.place(map),
  }));
  const roles = readRoles(reading, document);
  checkScopes(reading, document, channels, roles);
  checkChannels(reading, document, channels);
  return {
    file,
    title: reading.note(info, "title") ?? file,
    version: reading.note(info, "version") ?? "",
    servers,
    channels,
    roles,
  };
}

function checkVersion(reading: Reading, file: string, document: ValueMap): boolean {
  const version = document["asyncapi"];
  if (typeof version === "string" && version.startsWith("3.")) return true;
  if (typeof version === "string" && /^[12]\./.test(version)) {
    reading.add(
      "asyncapi-version",
      document,
      "asyncapi",
      `This is AsyncAPI ${version}; served is 3.0`,
      `Convert it by npx @asyncapi/cli convert ${shellWord(file)} --target-version=3.0.0 --output=asyncapi3.yaml and serve that`,
    );
    return false;
  }
  if (version === undefined) {
    const other = ["openapi", "swagger"].find((key) => Object.hasOwn(document, key));
    reading.add(
      "asyncapi-version",
      document,
      other,
      "This is no AsyncAPI document: it has no asyncapi",
      "Begin it with asyncapi: 3.0.0",
    );
    return false;
  }
  reading.add(
    "asyncapi-version",
    document,
    "asyncapi",
    `There is no AsyncAPI ${shown(version)} here`,
    "Write asyncapi: 3.0.0",
  );
  return false;
}

/** As a shell takes it. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function notAsyncApi(sources: Sources, file: string, problem: string): void {
  sources.findings.push({
    code: "asyncapi-version",
    severity: "error",
    place: { file, line: 1, column: 1 },
    problem,
    hint: "Begin it with asyncapi: 3.0.0",
  });
}

/** What operations ask for, some role should have, and the other way round. */
function checkScopes(
  reading: Reading,
  document: ValueMap,
  channels: readonly Channel[],
  roles: ReadonlyMap<string, Role>,
): void {
  if (roles.size === 0) return;
  const asked = new Set(
    channels.flatMap(({ publish, subscribe }) => [...publish, ...subscribe].flatMap(({ security }) => security.flat())),
  );
  const granted = new Set([...roles.values()].flatMap(({ scopes }) => [...scopes]));
  const container = reading.map(document, "x-roles")!;
  for (const scope of asked) {
    if (granted.has(scope)) continue;
    reading.add(
      "scope-ungranted",
      document,
      "x-roles",
      `No role has the scope ${scope}, so nobody can use what asks for it`,
      "Add it to the scopes of a role",
    );
  }
  const parameters = new Set(channels.flatMap(({ parameters: each }) => [...each.keys()]));
  for (const role of roles.values()) {
    const map = reading.map(container, role.name)!;
    for (const scope of role.scopes) {
      if (asked.has(scope)) continue;
      reading.add(
        "scope-unknown",
        map,
        "scopes",
        `No operation asks for the scope ${scope} of ${role.name}`,
        "Check its spelling, or remove it",
      );
    }
    for (const parameter of role.own.keys()) {
      if (parameters.has(parameter)) continue;
      reading.add(
        "role-invalid",
        reading.map(map, "own")!,
        parameter,
        `No address has {${parameter}}`,
        "Check its spelling, or remove it",
      );
    }
  }
}
