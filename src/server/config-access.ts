import type { Node } from "yaml";
import { ProtocolError } from "../mqtt/protocol-error.ts";
import { parseTopicFilter } from "../topics/topic-filter.ts";
import type { AccessRule } from "./access.ts";
import type { Value, YamlReader } from "./yaml-reader.ts";

const verbs = ["publish", "subscribe", "all"] as const;

/** Reads one rule under `access:`; undefined when something is wrong with it, which the reader then knows. */
export function readAccessRule(reader: YamlReader, item: Node): AccessRule | undefined {
  const findings = reader.findings.length;
  const effects: { effect: AccessRule["effect"]; verb: AccessRule["verb"] | undefined }[] = [];
  let topicFilter: string | undefined;
  let role: string | undefined;
  let user: string | undefined;
  reader.map(item, undefined, "An access rule", {
    allow: (value, key) => {
      effects.push({ effect: "allow", verb: reader.word(value, key, "allow", verbs) });
    },
    deny: (value, key) => {
      effects.push({ effect: "deny", verb: reader.word(value, key, "deny", verbs) });
    },
    topic: (value, key) => {
      topicFilter = readTopic(reader, value, key);
    },
    role: (value, key) => {
      role = reader.text(value, key, "role");
    },
    user: (value, key) => {
      user = reader.text(value, key, "user");
    },
  });
  if (reader.findings.length > findings) return undefined;
  const [first, second] = effects;
  if (first?.verb === undefined || second !== undefined) {
    const problem = second === undefined ? "This rule has neither allow nor deny" : "This rule has both allow and deny";
    return reader.add(
      item,
      problem,
      "Write either allow or deny, with publish, subscribe or all; make two rules of it if both are meant",
    );
  }
  if (topicFilter === undefined)
    return reader.add(item, "This rule has no topic", 'Add one; topic: "#" is every topic');
  return { effect: first.effect, verb: first.verb, topicFilter, role, user, place: reader.place(item) };
}

function readTopic(reader: YamlReader, value: Value, key: Node): string | undefined {
  const topic = reader.text(value, key, "topic");
  if (topic === undefined) return undefined;
  const unknown = /%[A-Za-z]/g.exec(topic.replace(/%[cu]/g, ""))?.[0];
  if (unknown !== undefined) {
    return reader.add(
      value ?? key,
      `${unknown} in a topic stands for nothing`,
      "Use %c for the client id or %u for the user",
    );
  }
  if (topic.startsWith("$share/")) {
    return reader.add(
      value ?? key,
      "Rules know no shared subscriptions",
      "Write the filter without $share/ and the share name",
    );
  }
  try {
    parseTopicFilter(topic);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const mend = "Use + for one whole level, and # alone as the last level";
    return reader.add(value ?? key, `${JSON.stringify(topic)} is no topic filter: ${error.message}`, mend);
  }
  return topic;
}
