import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { subCommand } from "../../src/cli/sub-command.ts";
import {
  type IncomingMessage,
  jsonFormat,
  type MessageFormat,
  placeholderHelp,
  plainFormat,
  templateFormat,
  verboseFormat,
} from "../../src/cli/sub-format.ts";
import { UsageError } from "../../src/service/errors.ts";

function message(replaced: Partial<IncomingMessage> = {}): IncomingMessage {
  return {
    topic: "pets/7",
    payload: Buffer.from("woof"),
    qos: 1,
    retain: false,
    duplicate: false,
    properties: {},
    receivedAt: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
    ...replaced,
  };
}

const written = (format: MessageFormat, replaced: Partial<IncomingMessage> = {}): string =>
  format(message(replaced)).toString();
const bytes = Buffer.from([0, 0x1b, 0x5b, 0xff]);

describe("The format of sub", () => {
  test("is the payload and an end of line, byte for byte where no terminal reads it", () => {
    assert.equal(written(plainFormat(false)), "woof\n");
    assert.deepEqual(plainFormat(false)(message({ payload: bytes })), Buffer.concat([bytes, Buffer.from("\n")]));
  });

  test("has the topic before it with --verbose", () => {
    assert.equal(written(verboseFormat(false)), "pets/7 woof\n");
    assert.equal(written(verboseFormat(true)), "pets/7 woof\n");
  });

  test("shows a terminal nothing that could move its cursor", () => {
    const hostile = { topic: "a\x1b[2J", payload: Buffer.from("b\x1b[2J\r\u009b7\n\tc ü") };
    assert.equal(written(verboseFormat(true), hostile), "a\\x1b[2J b\\x1b[2J\\r\\x9b7\n\tc ü\n");
    assert.equal(written(plainFormat(true), { payload: bytes }), "\\x00\\x1b[\\xff\n");
  });

  test("is one JSON object a line with --json, without what is not there", () => {
    const text = written(jsonFormat());
    assert.ok(text.endsWith("}\n"));
    assert.deepEqual(JSON.parse(text), {
      topic: "pets/7",
      payload: "woof",
      qos: 1,
      retain: false,
      receivedAt: "2026-01-02T03:04:05.006Z",
    });
  });

  test("has every Property in its JSON, and bytes that are no text in base64", () => {
    const userProperties = Object.assign(Object.create(null), { ["__proto__"]: "x", tag: ["a", "b"] });
    const properties = {
      payloadFormatIndicator: true,
      messageExpiryInterval: 9,
      contentType: "x/y",
      responseTopic: "r",
      correlationData: bytes,
      subscriptionIdentifier: 7,
      userProperties,
    };
    const json = written(jsonFormat(), { payload: bytes, duplicate: true, properties });
    assert.match(json, /"userProperties":\{"__proto__":"x","tag":\["a","b"\]\}/);
    const { payload, payloadBase64, duplicate, properties: shown } = JSON.parse(json);
    assert.deepEqual([payload, payloadBase64, duplicate], [undefined, bytes.toString("base64"), true]);
    const { userProperties: _, ...others } = shown;
    assert.deepEqual(others, {
      payloadFormatIndicator: 1,
      messageExpiryInterval: 9,
      contentType: "x/y",
      responseTopic: "r",
      correlationDataBase64: bytes.toString("base64"),
      subscriptionIdentifiers: [7],
    });
    const two = written(jsonFormat(), {
      properties: { subscriptionIdentifier: [1, 2], correlationData: Buffer.from("c") },
    });
    assert.deepEqual(JSON.parse(two).properties, { correlationData: "c", subscriptionIdentifiers: [1, 2] });
  });

  test("is a line of one's own with --format", () => {
    const format = templateFormat("%I|%t|%p|%x|%l|%q|%r|%%|\\t\\n\\\\ \\z", false);
    const expected = "2026-01-02T03:04:05.006Z|pets/7|woof|776f6f66|4|1|1|%|\t\n\\ \\z\n";
    assert.equal(written(format, { retain: true }), expected);
    assert.equal(written(templateFormat("", false)), "\n");
    assert.equal(written(templateFormat("%t %p", true), { topic: "\x07" }), "\\x07 woof\n");
  });

  test("refuses a placeholder that there is not, and names those that there are", () => {
    for (const template of ["%z", "a%"]) {
      assert.throws(
        () => templateFormat(template, false),
        (error) => error instanceof UsageError && error.message.includes(placeholderHelp()),
      );
    }
  });

  test("has all its placeholders in the help", () => {
    const notes = subCommand.notes.replaceAll("\n", " ");
    for (const placeholder of placeholderHelp().split(", ")) assert.ok(notes.includes(placeholder), placeholder);
  });
});
