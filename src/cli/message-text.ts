import type { QueuedRow } from "../server/answer.ts";
import type { MessageRow } from "../server/message-row.ts";
import { type Format, recordText } from "./print-rows.ts";

/** Whole messages, an empty line between them. */
export const wholeMessages: Format<MessageRow> = (rows, isFirst) => blocks(rows.map(messageText), isFirst);

/** The same, with their place in the queue. */
export const wholeQueued: Format<QueuedRow> = (rows, isFirst) => {
  const texts = rows.map((row) =>
    recordText([["number", String(row.number ?? "-")], ["state", row.state], ...messageCells(row)]),
  );
  return blocks(texts, isFirst);
};

/** A whole message, as lines of name and value. */
export function messageText(row: MessageRow): string {
  return recordText(messageCells(row));
}

function blocks(texts: readonly string[], isFirst: boolean): string {
  const text = texts.join("\n");
  return isFirst || text === "" ? text : `\n${text}`;
}

/** Name and value of each line. */
export function messageCells(row: MessageRow): [string, string][] {
  const { topicName, qos, bytes, publishedAt, expiresAt, properties = {}, payload, payloadBase64 } = row;
  const cells: [string, string][] = [
    ["topic", topicName],
    ["qos", String(qos)],
    ["retain", row.retain ? "yes" : "no"],
    ["published", publishedAt ?? "-"],
    ["expires", expiresAt ?? "-"],
  ];
  const { payloadFormatIndicator, contentType, responseTopic, correlationDataBase64, userProperties = [] } = properties;
  if (payloadFormatIndicator !== undefined) cells.push(["payload format", String(payloadFormatIndicator)]);
  if (contentType !== undefined) cells.push(["content type", contentType]);
  if (responseTopic !== undefined) cells.push(["response topic", responseTopic]);
  if (correlationDataBase64 !== undefined) cells.push(["correlation data", `${correlationDataBase64} (base64)`]);
  for (const [name, value] of userProperties) cells.push(["user property", `${name}=${value}`]);
  const what = payload ?? (payloadBase64 === undefined ? "" : `${payloadBase64} (base64)`);
  cells.push([`payload, ${bytes} bytes`, what]);
  return cells;
}
