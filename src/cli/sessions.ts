import type { SessionRow, SubscriptionRow } from "../server/answer.ts";
import type { Question } from "../server/question.ts";
import { disconnectClient } from "../service/control-client.ts";
import { controlPath, isControlPath } from "../service/control-socket.ts";
import { dataDirectory } from "../service/data-directory.ts";
import { loadConfig } from "../service/load-config.ts";
import type { Given } from "./command.ts";
import { askedLimit, pageOf, recordText, rowPrinter, spanText, tableOf, write } from "./print-rows.ts";
import { jsonLine, printable } from "./printable.ts";
import { askState, nobodyThere } from "./state-source.ts";

const sessionTable = tableOf<SessionRow>([
  ["CLIENT", ({ clientId }) => clientId],
  ["USER", ({ user }) => user],
  ["STATE", ({ connected }) => (connected ? "connected" : "away")],
  ["SUBSCRIPTIONS", ({ subscriptions }) => String(subscriptions)],
  ["WAITING", ({ waiting }) => String(waiting)],
  ["IN FLIGHT", ({ inFlight }) => String(inFlight)],
  ["DROPPED", ({ dropped }) => String(dropped)],
  ["ENDS IN", ({ expiresAt }, now) => spanText(expiresAt, now)],
]);

const subscriptionTable = tableOf<SubscriptionRow>([
  ["TOPIC FILTER", ({ topicFilter }) => topicFilter],
  ["QOS", ({ qos }) => String(qos)],
  ["OPTIONS", optionsText],
  ["IDENTIFIER", ({ subscriptionIdentifier }) => String(subscriptionIdentifier ?? "-")],
]);

/** `petstore-mqtt sessions list` */
export async function listSessions(given: Given): Promise<number> {
  const { skip, limit } = pageOf(given);
  const question: Question = { about: "sessions", name: "", whole: false, skip, limit: askedLimit(limit) };
  await askState(given, question, rowPrinter(given, sessionTable));
  return 0;
}

/** `petstore-mqtt sessions show CLIENT` */
export async function showSession(given: Given): Promise<number> {
  const { skip, limit } = pageOf(given);
  const [clientId = ""] = given.positionals;
  const question: Question = { about: "session", name: clientId, whole: false, skip, limit: askedLimit(limit) };
  const printSubscriptions = rowPrinter(given, subscriptionTable);
  const isThere = await askState(given, question, async (slices) => {
    const rest = rowsBehindFirst(slices, async (first) => {
      const session = first as SessionRow;
      await write(given.has("json") ? jsonLine(session) : `${sessionText(session)}\n`);
    });
    await printSubscriptions(rest);
  });
  if (isThere) return 0;
  process.stderr.write(`petstore-mqtt: there is no session of the client ${printable(clientId)}\n`);
  return 1;
}

/** `petstore-mqtt sessions disconnect CLIENT` */
export async function disconnectSession(given: Given): Promise<number> {
  const [clientId = ""] = given.positionals;
  const data = dataDirectory(given.text("data"), await loadConfig(given.text("config")));
  const path = controlPath(data);
  const done = isControlPath(path) ? await disconnectClient(path, clientId).catch(nobodyThere) : "nobody";
  if (done === true) return 0;
  const why = done === "nobody" ? `no server listens in ${data}` : `the client ${printable(clientId)} is not connected`;
  process.stderr.write(`petstore-mqtt: ${why}\n`);
  return 1;
}

async function* rowsBehindFirst<Item>(
  slices: AsyncIterable<readonly Item[]>,
  first: (item: Item) => Promise<void>,
): AsyncIterable<readonly Item[]> {
  let isFirst = true;
  for await (const slice of slices) {
    const [head] = slice;
    if (isFirst && head !== undefined) await first(head);
    yield isFirst ? slice.slice(1) : slice;
    isFirst = false;
  }
}

function sessionText(session: SessionRow): string {
  return recordText([
    ["client", session.clientId],
    ["user", session.user === "" ? "(anonymous)" : session.user],
    ["state", session.connected ? "connected" : "away"],
    ["kept", session.durable ? "on disk" : "until it disconnects"],
    ["session expiry", `${session.sessionExpirySeconds} s`],
    ["ends", session.expiresAt ?? "-"],
    ["waiting", `${session.waiting} messages`],
    ["in flight", `${session.inFlight} messages`],
    ["dropped", `${session.dropped} messages`],
    ["will topic", session.willTopicName ?? "-"],
    ["subscriptions", String(session.subscriptions)],
  ]);
}

function optionsText({ noLocal, retainAsPublished, retainHandling }: SubscriptionRow): string {
  const options = [
    noLocal ? "no local" : "",
    retainAsPublished ? "retain as published" : "",
    retainHandling > 0 ? `retain handling ${retainHandling}` : "",
  ].filter((option) => option !== "");
  return options.length === 0 ? "-" : options.join(", ");
}
