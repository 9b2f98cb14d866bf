import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** What a Client of 3.1.1 does that only sets the stage; no answer is looked at closely. */
export class RawClient {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Connects to 127.0.0.1; resolves behind the CONNACK, rejects when it refuses. */
  static async open(port: number, clientId: string, isCleanSession: boolean): Promise<RawClient> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    const flags = isCleanSession ? 2 : 0;
    socket.write(packet(0x10, Buffer.concat([text("MQTT"), Buffer.of(4, flags, 0, 0), text(clientId)])));
    const [connack] = (await once(socket, "data")) as [Buffer];
    if (connack[3] !== 0) throw new Error(`the broker refused a connection: ${connack[3]}`);
    return new RawClient(socket);
  }

  /** One SUBSCRIBE, at QoS 1; resolves when its SUBACK is there, which is a byte for each filter. */
  async subscribe(filters: readonly string[]): Promise<void> {
    const entries = filters.map((filter) => Buffer.concat([text(filter), Buffer.of(1)]));
    const body = Buffer.concat([Buffer.of(0, 1), ...entries]);
    const lengthBytes = remainingLength(filters.length + 2).length;
    await this.#answered(packet(0x82, body), 1 + lengthBytes + 2 + filters.length);
  }

  /**
   * Publishes at QoS 1, so many in flight at most; resolves when all are acknowledged.
   * @param topicName of the message of this number, from 0
   */
  async publish(count: number, window: number, topicName: (index: number) => string, more: Publishing): Promise<void> {
    const { payload, retain } = more;
    let sent = 0;
    let acknowledged = 0;
    let bytes = 0;
    const fill = (): void => {
      const room = Math.min(count - sent, window - (sent - acknowledged));
      if (room === 0 || room < Math.min(window / 2, count - sent)) return;
      const packets = Array.from({ length: room }, () => {
        const identifier = Buffer.of(((sent % 65_535) + 1) >> 8, ((sent % 65_535) + 1) & 255);
        const body = Buffer.concat([text(topicName(sent)), identifier, payload]);
        sent += 1;
        return packet(retain ? 0x33 : 0x32, body);
      });
      this.#socket.write(Buffer.concat(packets));
    };
    if (count === 0) return;
    await new Promise<void>((resolve, reject) => {
      this.#socket.once("close", () => reject(new Error("the broker closed a connection")));
      this.#socket.on("data", (chunk: Buffer) => {
        // A PUBACK has four bytes.
        bytes += chunk.length;
        acknowledged = Math.floor(bytes / 4);
        if (acknowledged >= count) resolve();
        else fill();
      });
      fill();
    });
    this.#socket.removeAllListeners("data");
  }

  /** DISCONNECT; resolves when the connection is closed. */
  async end(): Promise<void> {
    this.#socket.resume();
    const closed = once(this.#socket, "close");
    this.#socket.end(Buffer.of(0xe0, 0));
    await closed;
  }

  async #answered(request: Buffer, bytesOfAnswer: number): Promise<void> {
    this.#socket.write(request);
    for (let bytes = 0; bytes < bytesOfAnswer; ) {
      const [chunk] = (await once(this.#socket, "data")) as [Buffer];
      bytes += chunk.length;
    }
  }
}

/** What all of its messages have in common. */
export interface Publishing {
  readonly payload: Buffer;
  readonly retain: boolean;
}

function packet(first: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.of(first), remainingLength(body.length), body]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 255), bytes]);
}

function remainingLength(length: number): Buffer {
  const bytes: number[] = [];
  let left = length;
  do {
    bytes.push((left & 127) | (left > 127 ? 128 : 0));
    left >>= 7;
  } while (left > 0);
  return Buffer.from(bytes);
}
