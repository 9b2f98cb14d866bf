import { Buffer } from "node:buffer";
import { type FileHandle, mkdir, open, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { floorLine, letterLine, readLetter, readLine, removedLine } from "./dead-letter-lines.ts";
import type { DeadLetter, DeadLetterLimits, DeadLetterStore } from "./dead-letters.ts";
import { lockDirectory } from "./embedded/lock.ts";

/** Named after the first number that may stand in it. */
const fileName = /^(\d{16})\.letters$/;

/** A file is not written to any more when it reaches this part of all bytes, or this size. */
const filesMin = 8;
const fileBytesMax = 64 * 1_048_576;

const lineFeed = 0x0a;

/** One file. Its bytes go only when all letters in it and before it are gone. */
interface Segment {
  readonly path: string;
  bytes: number;
  /** How many letters stand in it that were not removed. */
  letters: number;
}

interface Place {
  readonly segment: Segment;
  readonly offset: number;
  readonly length: number;
}

/**
 * Opens the dead letters of a directory, made when it is not there. Only one process may; `close` lets it go. What is
 * damaged is passed over.
 * @throws Error with a sentence when another process has it, or the error of the file system
 */
export async function openDeadLetterFiles(directory: string, limits: DeadLetterLimits): Promise<DeadLetterStore> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const unlock = lockDirectory(directory);
  try {
    const files = new DeadLetterFiles(directory, limits, unlock);
    await files.load();
    return files;
  } catch (error) {
    unlock();
    throw error;
  }
}

/**
 * Dead letters in files that only grow, and go as a whole.
 *
 * ```
 *   0000000000000001.letters  │ 1 │ 2 │ … │ 40 │          the oldest: goes when all bytes pass their bound
 *   0000000000000041.letters  │ 41 │ … │ removed 2, 17 │
 *   0000000000000063.letters  │ 63 │ floor 3 │ …          is written to
 * ```
 */
class DeadLetterFiles implements DeadLetterStore {
  readonly #directory: string;
  readonly #limits: DeadLetterLimits;
  readonly #unlock: () => void;
  /** From the oldest on. */
  readonly #segments: Segment[] = [];
  /** By number, ascending. */
  readonly #places: Map<number, Place> = new Map();
  #lastNumber = 0;
  /** The file that is written to is the last segment. */
  #file: FileHandle | undefined = undefined;
  /** What was asked for is done one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(directory: string, limits: DeadLetterLimits, unlock: () => void) {
    this.#directory = directory;
    this.#limits = limits;
    this.#unlock = unlock;
  }

  get count(): number {
    return this.#places.size;
  }

  numbers(): Iterable<number> {
    return this.#places.keys();
  }

  async load(): Promise<void> {
    for (const name of (await readdir(this.#directory)).sort()) {
      const [, first] = fileName.exec(name) ?? [];
      if (first === undefined) continue;
      // Numbers do not start again when all letters are gone.
      this.#lastNumber = Math.max(this.#lastNumber, Number(first) - 1);
      await this.#loadSegment(join(this.#directory, name));
    }
    await this.#dropFiles();
  }

  async read(number: number): Promise<DeadLetter | undefined> {
    const place = this.#places.get(number);
    if (place === undefined) return undefined;
    const file = await open(place.segment.path).catch(() => undefined);
    if (file === undefined) return undefined;
    try {
      const bytes = Buffer.allocUnsafe(place.length);
      await file.read(bytes, 0, place.length, place.offset);
      return readLetter(bytes);
    } finally {
      await file.close();
    }
  }

  add(letters: readonly DeadLetter[]): Promise<void> {
    return this.#inTurn(() => this.#add(letters));
  }

  remove(numbers: readonly number[]): Promise<number> {
    return this.#inTurn(async () => {
      const there = [...new Set(numbers)].filter((number) => this.#places.has(number));
      if (there.length === 0) return 0;
      await this.#append([removedLine(there)]);
      for (const number of there) this.#forget(number);
      await this.#dropFiles();
      return there.length;
    });
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#file?.close();
    this.#unlock();
  }

  async #add(letters: readonly DeadLetter[]): Promise<void> {
    const numbered = letters.map((letter, index) => ({ letter, number: this.#lastNumber + 1 + index }));
    const tooMany = this.#places.size + letters.length - this.#limits.deadLettersMax;
    const going = [...this.#places.keys()].slice(0, Math.max(0, tooMany));
    const kept = numbered.slice(Math.max(0, tooMany - going.length));
    const lines = kept.map(({ letter, number }) => letterLine(number, letter));
    const floors = going.length === 0 ? [] : [floorLine((going.at(-1) ?? 0) + 1)];
    const { segment, offset } = await this.#append([...lines, ...floors]);
    this.#lastNumber += letters.length;
    let at = offset;
    for (const [index, { number }] of kept.entries()) {
      const { length } = lines[index]!;
      this.#places.set(number, { segment, offset: at, length: length - 1 });
      segment.letters += 1;
      at += length;
    }
    for (const number of going) this.#forget(number);
    await this.#dropFiles();
  }

  /** Resolves when the disk has all of it; what was written of a call that fails is taken back. */
  async #append(lines: readonly Buffer[]): Promise<{ readonly segment: Segment; readonly offset: number }> {
    const { file, segment } = await this.#writable();
    const bytes = Buffer.concat(lines);
    const offset = segment.bytes;
    try {
      await file.appendFile(bytes);
      await file.datasync();
    } catch (error) {
      await file.truncate(offset).catch(() => {});
      throw error;
    }
    segment.bytes += bytes.length;
    return { segment, offset };
  }

  /** The last file, or a new one when that is full or was written by a process before. */
  async #writable(): Promise<{ readonly file: FileHandle; readonly segment: Segment }> {
    const last = this.#segments.at(-1);
    const most = Math.min(fileBytesMax, this.#limits.deadLetterBytesMax / filesMin);
    if (this.#file !== undefined && last !== undefined && last.bytes < most) return { file: this.#file, segment: last };
    await this.#file?.close();
    this.#file = undefined;
    const path = join(this.#directory, `${String(this.#lastNumber + 1).padStart(16, "0")}.letters`);
    const file = await open(path, "a", 0o600);
    const { size } = await file.stat();
    const segment = last?.path === path ? last : { path, bytes: 0, letters: 0 };
    // A line that was cut off there must not take ours with it.
    if (size > 0) await file.appendFile("\n");
    segment.bytes = size > 0 ? size + 1 : 0;
    if (segment !== last) this.#segments.push(segment);
    this.#file = file;
    return { file, segment };
  }

  async #loadSegment(path: string): Promise<void> {
    const bytes = await readFile(path);
    const segment: Segment = { path, bytes: bytes.length, letters: 0 };
    this.#segments.push(segment);
    let offset = 0;
    for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, offset)) {
      const line = readLine(bytes.subarray(offset, end));
      if (line?.kind === "letter") {
        this.#lastNumber = Math.max(this.#lastNumber, line.number);
        // A write that failed and could not be taken back left one of this number.
        this.#forget(line.number);
        this.#places.set(line.number, { segment, offset, length: end - offset });
        segment.letters += 1;
      } else if (line?.kind === "removed") for (const number of line.numbers) this.#forget(number);
      else if (line?.kind === "floor") this.#forgetBelow(line.number);
      offset = end + 1;
    }
  }

  #forgetBelow(floor: number): void {
    for (const number of this.#places.keys()) {
      if (number >= floor) return;
      this.#forget(number);
    }
  }

  #forget(number: number): void {
    const place = this.#places.get(number);
    if (place === undefined) return;
    place.segment.letters -= 1;
    this.#places.delete(number);
  }

  /** The oldest files go: those without letters, and those that are too much. The last one stays, for the numbers. */
  async #dropFiles(): Promise<void> {
    let bytes = this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
    for (let first = this.#segments[0]; first !== undefined && this.#segments.length > 1; first = this.#segments[0]) {
      if (first.letters > 0 && bytes <= this.#limits.deadLetterBytesMax) return;
      for (const [number, { segment }] of this.#places) {
        if (segment !== first) break;
        this.#places.delete(number);
      }
      this.#segments.shift();
      bytes -= first.bytes;
      await rm(first.path, { force: true });
    }
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }
}
