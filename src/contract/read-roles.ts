import type { OwnTemplate, Role } from "./contract.ts";
import type { Named, Reading } from "./reading.ts";
import type { ValueMap } from "./sources.ts";

/** Reads `x-roles`: who holds which scopes, and which ids are its own. */
export function readRoles(reading: Reading, document: ValueMap): ReadonlyMap<string, Role> {
  const roles = new Map<string, Role>();
  for (const named of reading.maps(document, "x-roles")) roles.set(named.name, readRole(reading, named));
  return roles;
}

const roleKeys: ReadonlySet<string> = new Set(["description", "scopes", "own", "serverTopics"]);

function readRole(reading: Reading, { name, map }: Named): Role {
  for (const key of Object.keys(map)) {
    if (roleKeys.has(key) || key.startsWith("x-")) continue;
    reading.add("role-invalid", map, key, `A role has no ${key}`, `It has ${[...roleKeys].join(", ")}`);
  }
  const own = new Map<string, OwnTemplate>();
  const templates = reading.map(map, "own") ?? {};
  for (const parameter of Object.keys(templates)) {
    const template = readTemplate(reading, templates, parameter);
    if (template !== undefined) own.set(parameter, template);
  }
  return {
    name,
    description: reading.note(map, "description") ?? "",
    scopes: new Set(reading.texts(map, "scopes") ?? []),
    own,
    mayReadServerTopics: reading.boolean(map, "serverTopics") ?? false,
    place: reading.sources.place(map),
  };
}

function readTemplate(reading: Reading, templates: ValueMap, parameter: string): OwnTemplate | undefined {
  const text = reading.text(templates, parameter);
  if (text === undefined) return undefined;
  if (text === "client-id") return { kind: "clientId" };
  if (text === "user-name") return { kind: "userName" };
  const parts = /^(claim|certificate|store):([A-Za-z0-9_.-]+)$/.exec(text);
  if (parts !== null) return { kind: parts[1] as "claim" | "certificate" | "store", name: parts[2]! };
  return reading.add(
    "role-invalid",
    templates,
    parameter,
    `${text} does not say where the ids of {${parameter}} come from`,
    "Write client-id, user-name, claim:NAME, certificate:FIELD or store:NAME",
  );
}
