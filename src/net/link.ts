import type { FairShare } from "../base/fair-share.ts";
import { decode } from "../mqtt/codec.ts";
import { Framer } from "../mqtt/framer.ts";
import type { Packet } from "../mqtt/packet.ts";
import type { ProtocolVersion } from "../mqtt/packet-type.ts";
import { ProtocolError } from "../mqtt/protocol-error.ts";
import { ReasonCode } from "../mqtt/reason-code.ts";
import type { SharedPublish } from "../mqtt/shared-publish.ts";
import type { ByteStream } from "./byte-stream.ts";
import type { ChunkPool } from "./chunk-pool.ts";
import type { IncompletePackets } from "./incomplete-packets.ts";
import { Outgoing, type Traffic } from "./outgoing.ts";

/** Bytes that need not wait for the end of the turn; with what one more call may add, they still fit a large chunk. */
const flushBytes = 49_152;

/** How long a peer may take to read our last bytes and close its side. */
const lingerMilliseconds = 2_000;

/** Who hears what a Link has to say. None of it is called from inside a sending method. */
export interface LinkOwner {
  /** How packets are read and written now. */
  readonly protocolVersion: ProtocolVersion;
  /** Whether it is known who the Client is; looked at by `resume()`. Until then packets are bounded by `connectBytesMax`. */
  readonly isConnected: boolean;
  /** False while nobody may be read; then the Link says `waiting` and goes on with the next `read()`. */
  readonly mayRead: boolean;
  /** A whole packet. Its views are good during the call. */
  received(packet: Packet): void;
  /** What came cannot be decoded; nothing more will be. */
  failed(error: unknown): void;
  /** Packets are waiting that `mayRead` forbids. */
  waiting(): void;
  /** There is room again, after a sending method returned false. */
  drained(): void;
  /** The other end closed or was lost, without our `close()`. Once; flush the Link after it. */
  closed(): void;
  /** The stream is gone. Once, and the last word. */
  destroyed(): void;
}

/** What all Links of a server share, and their limits. */
export interface LinkOptions {
  readonly pool: ChunkPool;
  readonly traffic: Traffic;
  /** Largest packet accepted. */
  readonly packetBytesMax: number;
  /** The same, until the owner is connected. */
  readonly connectBytesMax: number;
  /** Un-sent bytes above which the sending methods return false. */
  readonly linkBytesMax: number;
  readonly incomplete: IncompletePackets;
  /** Un-sent bytes of all Links. */
  readonly unsent: FairShare;
}

/**
 * One byte stream: chunks in become packets, packets out become one write a turn. It knows nothing of the
 * broker. Packets go to the owner by direct call, one after another; between two of them it looks whether it may go on.
 * What is sent stays in the order of the calls, and leaves with `flush`.
 */
export class Link {
  readonly #stream: ByteStream;
  readonly #owner: LinkOwner;
  readonly #framer: Framer;
  readonly #outgoing: Outgoing;
  readonly #traffic: Traffic;
  readonly #linkBytesMax: number;
  readonly #packetBytesMax: number;
  readonly #incomplete: IncompletePackets;
  readonly #unsent: FairShare;
  /** What `#unsent` was told. */
  #unsentBytes = 0;
  /** Bytes that the stream gathers. */
  #gatheredBytes = 0;
  /** What `#incomplete` was told. */
  #partialBytes = 0;
  /** A packet was handed in since then. */
  #hasFramed = false;
  #paused = false;
  #streamPaused = false;
  /** A sending method returned false, and `drained` was not yet said. */
  #lacksRoom = false;
  /** The other end has sent its last byte. */
  #ended = false;
  /** Nothing is handed in any more: closed by us, by the peer, or broken. */
  #deaf = false;
  /** Once all bytes are out, the stream is ended. */
  #closing = false;
  #finished = false;
  #linger: NodeJS.Timeout | undefined = undefined;

  constructor(stream: ByteStream, owner: LinkOwner, options: LinkOptions) {
    this.#stream = stream;
    this.#owner = owner;
    this.#packetBytesMax = options.packetBytesMax;
    this.#framer = new Framer(Math.min(options.connectBytesMax, options.packetBytesMax));
    this.#incomplete = options.incomplete;
    this.#unsent = options.unsent;
    this.#traffic = options.traffic;
    this.#linkBytesMax = options.linkBytesMax;
    this.#outgoing = new Outgoing(stream, options.pool, options.traffic, () => this.#looksForRoom());
    stream.on("data", (chunk) => this.#chunk(chunk));
    stream.on("gathering", (bytes) => this.#gathering(bytes));
    stream.on("end", () => this.#end());
    // The reason is of no use: 'close' follows, and says what has to be done.
    stream.on("error", () => {});
    stream.on("close", () => this.#close());
  }

  /** False once `close()` was called or the other end is gone. */
  get isOpen(): boolean {
    return !this.#closing;
  }

  /** So much waits that it should be flushed before the turn ends. */
  get isFull(): boolean {
    return this.#outgoing.buffered > flushBytes;
  }

  /**
   * Encodes a packet behind what was sent before. It leaves with the first `flush` whose durable commit is at least
   * `commit`; 0 waits for nothing. Returns whether there is room for more.
   */
  send(packet: Packet, commit: number): boolean {
    if (this.#closing) return true;
    this.#outgoing.send(packet, this.#owner.protocolVersion, commit);
    return this.#hasRoom();
  }

  /** The same for a PUBLISH whose bytes are shared between subscribers. Packet Identifier 0 at QoS 0. */
  deliver(shared: SharedPublish, packetIdentifier: number, dup: boolean, commit: number): boolean {
    if (this.#closing) return true;
    this.#outgoing.deliver(shared, packetIdentifier, dup, commit);
    return this.#hasRoom();
  }

  /** Writes what waits for no commit beyond `durableCommit`; ends the stream once all is out and `close()` was called. */
  flush(durableCommit: number): void {
    if (this.#stream.destroyed) return;
    this.#outgoing.flush(durableCommit);
    this.#countUnsent();
    if (this.#closing && this.#outgoing.buffered === 0) this.#finish();
  }

  /** Hands in no further packet; what has come stays in the framer. */
  pause(): void {
    this.#paused = true;
  }

  /** Allows packets again. The owner calls `read()` when it is ready for them, which is never inside `received`. */
  resume(): void {
    this.#paused = false;
    if (this.#owner.isConnected) this.#framer.packetBytesMax = this.#packetBytesMax;
  }

  /** Hands in the packets that are here, as long as it may. */
  read(): void {
    this.#decode();
    this.#countPartial();
    if (this.#deaf || this.#paused || !this.#owner.mayRead) return;
    if (this.#ended) this.#lost();
    else this.#listen();
  }

  /** Ends the connection behind what was sent before, held bytes included. Nothing is handed in any more. */
  close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#deaf = true;
    // Unread bytes would make the kernel answer with RST, and the peer might lose our last packet to it.
    this.#listen();
  }

  /** Ends it at once; un-sent bytes are lost. */
  destroy(): void {
    this.#closing = true;
    this.#deaf = true;
    this.#stream.destroy();
  }

  #chunk(chunk: Buffer): void {
    this.#traffic.bytesReceived += chunk.length;
    if (this.#deaf) return;
    const stopped = this.#paused || !this.#owner.mayRead;
    try {
      this.#framer.push(chunk);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (!stopped) {
      this.#decode();
      this.#countPartial();
      return;
    }
    // Not at once when paused: most pauses end before anything comes.
    this.#streamPaused = true;
    this.#stream.pause();
    if (!this.#paused) this.#owner.waiting();
  }

  #decode(): void {
    const framer = this.#framer;
    const owner = this.#owner;
    while (!this.#deaf && !this.#paused) {
      if (!owner.mayRead) {
        owner.waiting();
        return;
      }
      let packet: Packet;
      try {
        if (!framer.next()) return;
        packet = decode(framer.firstByte, framer.reader, owner.protocolVersion);
      } catch (error) {
        this.#fail(error);
        return;
      }
      this.#hasFramed = true;
      owner.received(packet);
    }
  }

  /** Called when it holds the packet that was begun first of all that came in part, and there are too many. */
  overdue(): void {
    this.#framer.clear();
    this.#partialBytes = 0;
    if (this.#deaf) return;
    const reason = "Its packet takes too long: packets that came in part need the memory (incompleteBytesMax)";
    this.#fail(new ProtocolError(ReasonCode.QuotaExceeded, "4.13.2", reason));
  }

  #gathering(bytes: number): void {
    this.#gatheredBytes = bytes;
    this.#countPartial();
  }

  #countPartial(): void {
    const bytes = this.#framer.partialBytes + this.#gatheredBytes;
    if (bytes !== this.#partialBytes || (this.#hasFramed && bytes > 0)) {
      this.#partialBytes = bytes;
      this.#incomplete.holds(this, bytes, this.#hasFramed);
    }
    this.#hasFramed = false;
  }

  #countUnsent(): void {
    const { unsent } = this.#outgoing;
    if (unsent === this.#unsentBytes) return;
    this.#unsent.changed(this.#unsentBytes, unsent);
    this.#unsentBytes = unsent;
  }

  #fail(error: unknown): void {
    this.#deaf = true;
    this.#listen();
    this.#owner.failed(error);
  }

  #listen(): void {
    if (!this.#streamPaused) return;
    this.#streamPaused = false;
    this.#stream.resume();
  }

  #hasRoom(): boolean {
    const { unsent } = this.#outgoing;
    if (unsent <= this.#linkBytesMax && this.#unsent.allows(unsent, 0)) return true;
    this.#lacksRoom = true;
    return false;
  }

  #looksForRoom(): void {
    this.#countUnsent();
    if (!this.#lacksRoom || this.#closing || this.#stream.destroyed) return;
    if (this.#outgoing.unsent >= this.#linkBytesMax / 2) return;
    this.#lacksRoom = false;
    this.#owner.drained();
  }

  /** All was sent: says so to the peer, and gives it a while to say the same. */
  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#stream.end();
    this.#linger = setTimeout(() => this.#stream.destroy(), lingerMilliseconds).unref();
  }

  /** A peer that shuts down only its sending side still gets the answers to what it sent. */
  #end(): void {
    this.#ended = true;
    if (!this.#deaf) this.read();
  }

  #lost(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#deaf = true;
    this.#owner.closed();
  }

  #close(): void {
    clearTimeout(this.#linger);
    this.#lost();
    this.#framer.clear();
    this.#gatheredBytes = 0;
    this.#countPartial();
    this.#outgoing.clear();
    this.#countUnsent();
    this.#owner.destroyed();
  }
}
