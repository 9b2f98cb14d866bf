import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Packet, Publish } from "../../src/mqtt/packet.ts";
import { PacketType } from "../../src/mqtt/packet-type.ts";
import { ReasonCode } from "../../src/mqtt/reason-code.ts";
import { Journal } from "../../src/petstore/journal.ts";
import { JournalBook, type JournalRow } from "../../src/petstore/journal-book.ts";
import type { PacketReceiver } from "../../src/server/local-connection.ts";
import { acknowledgement, connack } from "../mqtt/packets.ts";
import { silent } from "./stage.ts";

/** A server as §4.3.3 has it, whose Session outlives everything; it answers when it is told to. */
class FakeServer {
  readonly received: Set<number> = new Set();
  readonly taken: string[] = [];
  readonly sent: Packet[] = [];
  readonly answers: Packet[] = [];
  receiveMaximum = 10;
  refusal: ReasonCode | undefined = undefined;
  receiver: PacketReceiver | undefined = undefined;

  readonly open = (receiver: PacketReceiver) => {
    this.receiver = receiver;
    return { send: (packet: Packet) => this.#take(packet), close: () => {}, unreleased: [...this.received] };
  };

  /** Hands out the next answer, if there is one. */
  answer(): boolean {
    const packet = this.answers.shift();
    if (packet !== undefined) this.receiver?.received(packet);
    return packet !== undefined;
  }

  /** The connection is cut: what was not heard is lost. */
  cut(): void {
    this.answers.length = 0;
    const { receiver } = this;
    this.receiver = undefined;
    receiver?.closed();
  }

  #take(packet: Packet): boolean {
    this.sent.push(packet);
    if (packet.type === PacketType.Connect) {
      this.answers.push(connack({ sessionPresent: true, properties: { receiveMaximum: this.receiveMaximum } }));
    } else if (packet.type === PacketType.Publish) {
      this.answers.push(this.#publish(packet));
    } else if (packet.type === PacketType.Pubrel) {
      this.received.delete(packet.packetIdentifier);
      this.answers.push(acknowledgement(PacketType.Pubcomp, { packetIdentifier: packet.packetIdentifier }));
    }
    return true;
  }

  #publish({ packetIdentifier, payload, qos }: Publish): Packet {
    assert.equal(qos, 2);
    if (this.received.has(packetIdentifier)) return acknowledgement(PacketType.Pubrec, { packetIdentifier });
    if (this.refusal !== undefined) {
      return acknowledgement(PacketType.Pubrec, { packetIdentifier, reasonCode: this.refusal as 0x97 });
    }
    this.received.add(packetIdentifier);
    this.taken.push(JSON.parse(Buffer.from(payload).toString()).text);
    return acknowledgement(PacketType.Pubrec, { packetIdentifier });
  }
}

/** Rows that outlive the journal; what is written becomes kept when the test says so. */
class FakeRows {
  readonly rows: Map<number, { readonly row: JournalRow; readonly isReleased: boolean }> = new Map();
  readonly #open: (() => void)[] = [];

  readonly keeper = {
    received: (row: JournalRow): Promise<void> =>
      new Promise((resolve) => {
        this.#open.push(() => {
          this.rows.set(row.number, { row, isReleased: true });
          resolve();
        });
      }),
    done: ({ number }: JournalRow): void => {
      this.#open.push(() => this.rows.delete(number));
    },
  };

  /** The next thing is kept, if there is one. */
  keep(): boolean {
    const next = this.#open.shift();
    next?.();
    return next !== undefined;
  }

  /** The process ends: what was not kept never was. */
  forget(): void {
    this.#open.length = 0;
  }
}

function event(entity: string, text: string) {
  return { topicName: `t/${entity}`, payload: { text }, retain: false, entity };
}

class Stage {
  readonly server = new FakeServer();
  readonly rows = new FakeRows();
  book = new JournalBook();
  journal: Journal;

  constructor(receiveMaximum = 10) {
    this.server.receiveMaximum = receiveMaximum;
    this.journal = this.#start();
  }

  #start(): Journal {
    const { open } = this.server;
    const options = { book: this.book, keeper: this.rows.keeper, open, log: silent, retryMilliseconds: 1 };
    const journal = new Journal(options);
    journal.start();
    return journal;
  }

  /** A step with these events is kept. */
  add(...events: ReturnType<typeof event>[]): void {
    const rows = this.book.add(events);
    for (const row of rows) this.rows.rows.set(row.number, { row, isReleased: false });
    this.book.kept(rows);
    this.journal.pump();
  }

  /** The process is killed and starts again. */
  restart(): void {
    this.server.receiver = undefined;
    this.server.answers.length = 0;
    this.rows.forget();
    this.journal.stop();
    this.book = new JournalBook();
    for (const { row, isReleased } of this.rows.rows.values()) this.book.recover(row, isReleased);
    this.journal = this.#start();
  }

  async settle(): Promise<void> {
    for (let quiet = 0; quiet < 20; quiet += 1) {
      if (this.server.answer() || this.rows.keep()) quiet = 0;
      await new Promise(setImmediate);
    }
  }
}

describe("the event journal", () => {
  test("sends PUBREL only when it is kept that PUBREC has come", async () => {
    const stage = new Stage();
    stage.server.answer();
    stage.add(event("a", "1"));
    stage.server.answer();
    await new Promise(setImmediate);
    assert.equal(stage.server.sent.at(-1)?.type, PacketType.Publish);
    stage.rows.keep();
    await new Promise(setImmediate);
    assert.equal(stage.server.sent.at(-1)?.type, PacketType.Pubrel);
    await stage.settle();
    assert.deepEqual([stage.book.size, stage.rows.rows.size], [0, 0]);
    stage.journal.stop();
  });

  test("keeps events of an entity, and of a step, in order although one is refused for a while", async () => {
    const stage = new Stage();
    stage.server.answer();
    stage.server.refusal = ReasonCode.QuotaExceeded;
    stage.add(event("a", "a1"), event("b", "b1"));
    stage.add(event("a", "a2"));
    stage.add(event("c", "c1"));
    const publishes = stage.server.sent.filter(({ type }) => type === PacketType.Publish);
    assert.equal(publishes.length, 2, "a1 and c1 may be on their way, what follows a1 may not");
    stage.server.answer();
    stage.server.refusal = undefined;
    stage.server.answer();
    while (stage.book.size > 0) {
      await stage.settle();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    assert.deepEqual(stage.server.taken.toSorted(), ["a1", "a2", "b1", "c1"]);
    assert.ok(stage.server.taken.indexOf("a1") < stage.server.taken.indexOf("a2"));
    assert.ok(stage.server.taken.indexOf("a1") < stage.server.taken.indexOf("b1"));
    stage.journal.stop();
  });

  test("lets go of an event that the law refuses, and goes on with the next", async () => {
    const stage = new Stage();
    stage.server.answer();
    stage.server.refusal = ReasonCode.NotAuthorized;
    stage.add(event("a", "a1"));
    stage.server.answer();
    stage.server.refusal = undefined;
    stage.add(event("a", "a2"));
    await stage.settle();
    assert.deepEqual([stage.server.taken, stage.book.size, stage.rows.rows.size], [["a2"], 0, 0]);
    stage.journal.stop();
  });

  test("has no more on its way than Receive Maximum", async () => {
    const stage = new Stage(3);
    stage.server.answer();
    for (let number = 0; number < 10; number += 1) stage.add(event(`e${number}`, `${number}`));
    assert.equal(stage.server.received.size, 3);
    await stage.settle();
    assert.equal(stage.server.taken.length, 10);
    stage.journal.stop();
  });

  test("releases what the server has from another journal, before it uses the Packet Identifier", async () => {
    const stage = new Stage();
    stage.server.cut();
    stage.server.received.add(1);
    stage.add(event("a", "a1"));
    stage.restart();
    stage.rows.rows.clear();
    stage.restart();
    stage.add(event("a", "new"));
    await stage.settle();
    assert.deepEqual(stage.server.taken, ["new"]);
    stage.journal.stop();
  });

  test("publishes exactly once and in order, whatever is lost, cut or killed at whatever moment", async () => {
    type Act = "add" | "answer" | "keep" | "cut" | "kill" | "turn";
    const acts = fc.array(
      fc.oneof(
        { weight: 4, arbitrary: fc.constant<Act>("add") },
        { weight: 8, arbitrary: fc.constant<Act>("answer") },
        { weight: 6, arbitrary: fc.constant<Act>("keep") },
        { weight: 4, arbitrary: fc.constant<Act>("turn") },
        { weight: 1, arbitrary: fc.constant<Act>("cut") },
        { weight: 1, arbitrary: fc.constant<Act>("kill") },
      ),
      { maxLength: 80 },
    );
    await fc.assert(
      fc.asyncProperty(acts, async (steps) => {
        const stage = new Stage();
        const wanted = new Map<string, string[]>([
          ["a", []],
          ["b", []],
          ["c", []],
        ]);
        let number = 0;
        const one = (entity: string) => {
          number += 1;
          wanted.get(entity)?.push(`${entity}${number}`);
          return event(entity, `${entity}${number}`);
        };
        for (const act of steps) {
          if (act === "add") stage.add(one("a"), one(number % 2 === 0 ? "b" : "c"));
          if (act === "answer") stage.server.answer();
          if (act === "keep") stage.rows.keep();
          if (act === "turn") await new Promise(setImmediate);
          if (act === "kill") stage.restart();
          if (act === "cut") {
            stage.server.cut();
            stage.journal.start();
          }
        }
        stage.restart();
        await stage.settle();
        const { taken } = stage.server;
        for (const [entity, texts] of wanted) {
          assert.deepEqual(
            taken.filter((text) => text.startsWith(entity)),
            texts,
          );
        }
        assert.deepEqual([stage.book.size, stage.rows.rows.size, stage.server.received.size], [0, 0, 0]);
        stage.journal.stop();
      }),
      { numRuns: 300 },
    );
  });
});
