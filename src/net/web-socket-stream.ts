import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import type { ByteStream } from "./byte-stream.ts";

/** Close codes of RFC 6455, §7.4.1. */
const normalClosure = 1_000;
const unsupportedData = 1_003;
const abnormalClosure = 1_006;

/** Of a frame from a Client whose payload is short: two bytes and its mask. */
const controlHeadBytes = 6;

const sendOptions = { binary: true, compress: false, fin: true, mask: false } as const;

/**
 * The stream of bytes that a WebSocket carries (§6): the payloads of its binary messages, one behind the other, since
 * packets and messages need not begin together. What is written in one call leaves as one message.
 *
 * What a socket keeps for us while it is paused is kept here: messages that came in one chunk with the last one read, and
 * the end of the stream behind them. So a DISCONNECT right before the closing handshake is never lost.
 */
export class WebSocketStream extends EventEmitter implements ByteStream {
  readonly encrypted: boolean;
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  #paused = false;
  /** About so many bytes came of a message that is not whole. */
  #gathered = 0;
  /** A message became whole in the chunk that is being read. */
  #hasMessage = false;
  /** Bytes of pings and pongs in it. */
  #controlBytes = 0;
  /** Messages that came while paused. */
  #held: Buffer[] = [];
  /** Nothing is handed in any more: a text frame came. */
  #deaf = false;
  /** We said that no more comes from us. */
  #ending = false;
  /** The WebSocket is gone; what it had read may still be held. */
  #gone = false;
  #ended = false;
  #closed = false;

  /** @param socket what the WebSocket stands on */
  constructor(webSocket: WebSocket, socket: Socket) {
    super();
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.encrypted = (socket as ByteStream).encrypted === true;
    webSocket.on("message", (data, isBinary) => this.#message(data as Buffer, isBinary));
    for (const event of ["ping", "pong"] as const) webSocket.on(event, (data: Buffer) => this.#control(data));
    // Behind the listener of the WebSocket, which has read the chunk then.
    socket.on("data", (chunk: Buffer) => this.#gather(chunk.length));
    // 'close' follows, and says what has to be done.
    webSocket.on("error", () => {});
    webSocket.on("close", (code) => this.#webSocketClosed(code));
  }

  get destroyed(): boolean {
    return this.#closed;
  }

  get writableLength(): number {
    return this.#gone ? 0 : this.#socket.writableLength;
  }

  write(bytes: Buffer, written: () => void): void {
    // As a socket does: who waits for room hears that nothing is in the way any more.
    if (this.#gone) process.nextTick(written);
    else this.#webSocket.send(bytes, sendOptions, written);
  }

  pause(): void {
    this.#paused = true;
    this.#webSocket.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#webSocket.resume();
    if (this.#held.length > 0 || this.#gone) process.nextTick(() => this.#handOver());
  }

  /** Begins the closing handshake behind what was written before. */
  end(): void {
    this.#ending = true;
    if (this.#gone) this.#close();
    else this.#webSocket.close(normalClosure);
  }

  destroy(): void {
    this.#ending = true;
    this.#deaf = true;
    if (this.#gone) this.#close();
    else this.#webSocket.terminate();
  }

  /** What is left of a chunk behind a message is not counted: it is short, and nobody says how much it is. */
  #gather(bytes: number): void {
    const before = this.#gathered;
    this.#gathered = this.#hasMessage ? 0 : Math.max(0, before + bytes - this.#controlBytes);
    this.#hasMessage = false;
    this.#controlBytes = 0;
    if (this.#gathered !== before) this.emit("gathering", this.#gathered);
  }

  /** It stands between the frames of messages and belongs to none. */
  #control(data: Buffer): void {
    this.#controlBytes += data.length + controlHeadBytes;
  }

  #message(data: Buffer, isBinary: boolean): void {
    this.#hasMessage = true;
    if (this.#deaf) return;
    if (!isBinary) {
      // [MQTT-6.0.0-1] [MQTT311-6.0.0-1]
      this.#deaf = true;
      this.#webSocket.close(unsupportedData, "MQTT packets come in binary frames");
      return;
    }
    // [MQTT-6.0.0-2] [MQTT311-6.0.0-2]
    if (this.#paused || this.#held.length > 0) this.#held.push(data);
    else this.emit("data", data);
  }

  #handOver(): void {
    if (this.#paused || this.#closed) return;
    const held = this.#held;
    this.#held = [];
    const [first] = held;
    if (first !== undefined && !this.#deaf) this.emit("data", held.length === 1 ? first : Buffer.concat(held));
    if (this.#gone && !this.#paused) this.#end();
  }

  #webSocketClosed(code: number): void {
    this.#gone = true;
    const isOrderly = code !== abnormalClosure || this.#socket.readableEnded;
    if (this.#ending || this.#deaf || !isOrderly) this.#close();
    else if (!this.#paused && this.#held.length === 0) this.#end();
  }

  /** The owner ends its side when it is through with what came. */
  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.emit("end");
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#held = [];
    process.nextTick(() => this.emit("close"));
  }
}
