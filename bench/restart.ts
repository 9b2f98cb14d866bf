// npx tsx bench/restart.ts [--messages N] [--size BYTES] [--sessions N]
// How long our broker takes from the start of its process to its ready line with N messages queued on disk, after an end
// in order and after a kill.
import { Buffer } from "node:buffer";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect as connectTcp, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { startOnCore, stopChild } from "./child.ts";

const { values } = parseArgs({
  options: {
    messages: { type: "string", default: "1000000" },
    size: { type: "string", default: "64" },
    sessions: { type: "string", default: "1" },
  },
});
const [messages, size, sessions] = [Number(values.messages), Number(values.size), Number(values.sessions)];
const command = join(import.meta.dirname, "../dist/cli/main.js");
/** The broker's Receive Maximum for all its Clients. */
const window = 100;
const publishers = 20;

const data = mkdtempSync(join(tmpdir(), "petstore-restart-"));
try {
  await measure();
} finally {
  rmSync(data, { recursive: true, force: true });
}

async function measure(): Promise<void> {
  writeFileSync(join(data, "broker.yaml"), "limits: { queueMessagesMax: 100000000, queueBytesMax: 1000000000000 }\n");
  const first = await start();
  for (let session = 0; session < sessions; session += 1) await leaveSession(first.port, session);
  const startedAt = performance.now();
  const shares = Array.from({ length: publishers }, (_, index) => Math.floor((messages + index) / publishers));
  await Promise.all(shares.map((share, index) => publish(first.port, `publisher-${index}`, share)));
  const fillSeconds = (performance.now() - startedAt) / 1_000;
  console.log(`${messages} messages of ${size} bytes for ${sessions} Sessions in ${fillSeconds.toFixed(1)} s`);
  await stopChild(first.child);
  const megabytes = statSync(join(data, "store/store.mdb")).size / 1e6;
  console.log(`the store has ${megabytes.toFixed(0)} MB`);
  const second = await start();
  console.log(`ready ${(second.milliseconds / 1_000).toFixed(2)} s after a start behind an end in order`);
  second.child.kill("SIGKILL");
  await once(second.child, "exit");
  const third = await start();
  console.log(`ready ${(third.milliseconds / 1_000).toFixed(2)} s after a start behind a kill`);
  await stopChild(third.child);
}

async function start(): Promise<{ child: ChildProcess; port: number; milliseconds: number }> {
  const startedAt = performance.now();
  const flags = ["--open", "--mqtt", "0", "--data", data, "--config", join(data, "broker.yaml"), "--log-level", "warn"];
  const child = startOnCore("broker", process.execPath, [command, "serve", ...flags]);
  child.stderr!.pipe(process.stderr);
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout! }).once("line", resolve);
    child.once("exit", (code) => reject(new Error(`the broker ended with ${code}`)));
  });
  return { child, port: Number(/:(\d+)/.exec(line)?.[1]), milliseconds: performance.now() - startedAt };
}

/** A Session that subscribes and goes (3.1.1, Clean Session 0). */
async function leaveSession(port: number, session: number): Promise<void> {
  const socket = await open(port, `session-${session}`, 0);
  socket.write(Buffer.concat([Buffer.of(0x82, 8, 0, 1), text("t/#"), Buffer.of(1)]));
  await once(socket, "data");
  socket.end(Buffer.of(0xe0, 0));
  await once(socket, "close");
}

async function publish(port: number, name: string, count: number): Promise<void> {
  const socket = await open(port, name, 2);
  const body = Buffer.concat([text(`t/${name}`), Buffer.of(0, 0), Buffer.alloc(size, "x")]);
  const packet = Buffer.concat([Buffer.of(0x32), remainingLength(body.length), body]);
  const identifierAt = packet.length - size - 2;
  let sent = 0;
  let acknowledged = 0;
  const fill = (): void => {
    const room = Math.min(count - sent, window - (sent - acknowledged));
    if (room < Math.min(window / 2, count - sent)) return;
    const packets = Array.from({ length: room }, () => {
      const copy = Buffer.from(packet);
      copy.writeUInt16BE((sent % 65_535) + 1, identifierAt);
      sent += 1;
      return copy;
    });
    socket.write(Buffer.concat(packets));
  };
  await new Promise<void>((resolve, reject) => {
    socket.on("close", () => reject(new Error("the broker closed a connection")));
    let bytes = 0;
    socket.on("data", (chunk: Buffer) => {
      // A PUBACK has four bytes.
      bytes += chunk.length;
      acknowledged = Math.floor(bytes / 4);
      if (acknowledged === count) resolve();
      else fill();
    });
    fill();
  });
  socket.end(Buffer.of(0xe0, 0));
}

/** CONNECT of 3.1.1; resolves behind its CONNACK. */
async function open(port: number, clientId: string, flags: number): Promise<Socket> {
  const socket = connectTcp(port, "127.0.0.1");
  await once(socket, "connect");
  const body = Buffer.concat([text("MQTT"), Buffer.of(4, flags, 0, 0), text(clientId)]);
  socket.write(Buffer.concat([Buffer.of(0x10, body.length), body]));
  await once(socket, "data");
  return socket;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 255), bytes]);
}

function remainingLength(length: number): Buffer {
  return length < 128 ? Buffer.of(length) : Buffer.of((length & 127) | 128, length >> 7);
}
