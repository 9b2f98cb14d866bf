import { Buffer } from "node:buffer";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/*
 * LMDB's file, read page by page without LMDB: a page that is not what it should be is told instead of ending the process.
 *
 *   page      │ number (8) │ commit (8) │ pad (2) │ kind (2) │ end of the offsets (2), begin of the nodes (2) │ offsets, nodes
 *   overflow  │ number (8) │ commit (8) │ pad (2) │ kind (2) │ count of pages (4)                             │ bytes …
 *   node      │ size of the value, or child page (4 or 6) │ flags (2) │ size of the key (2) │ key │ value │
 *   meta      │ magic (4) │ version (4) │ address (8) │ size (8) │ free tree (48) │ main tree (48) │ last page (8) │ commit (8)
 *   tree      │ page size or 0 (4) │ flags (2) │ depth (2) │ branches, leaves, overflow pages, entries, root (8 each) │
 *
 * All numbers are little endian, as on every machine that LMDB's binaries run on. Offsets count from behind the header.
 */

const headerBytes = 24;
const nodeBytes = 8;
const treeBytes = 48;
const magic = 0xbeefc0de;
const dataVersion = 2;
/** All bits set. */
const noPage: number = 2 ** 64;

const branch = 1;
const leaf = 2;
const overflow = 4;
const meta = 8;

const bigValue = 1;
/** The value of a node in the main tree is another tree: a named table. */
export const treeValue = 2;

/** Flag of the free tree in a head: the disk has not confirmed the commit. */
export const unconfirmed = 0x1000;

/** A tree of pages. */
export interface Tree {
  readonly root: number | undefined;
  readonly entries: number;
  readonly depth: number;
  readonly flags: number;
}

/** The file as one commit left it. */
export interface Snapshot {
  /** Number of the commit; ascending. */
  readonly commit: number;
  readonly pageBytes: number;
  readonly lastPage: number;
  readonly free: Tree;
  readonly main: Tree;
}

/** One row of a tree. */
export interface Entry {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly flags: number;
}

/** The file is something else. */
export class NotAStoreFile extends Error {}

/** The file is of another version of LMDB, which may be whole. */
class OtherLmdbVersion extends Error {}

/** A page that is not what it should be. */
class BadPage extends Error {}

/** A walk over the trees of a snapshot. */
export interface Walk {
  readonly snapshot: Snapshot;
  /** By page: 1 when it was come to. Each belongs to one place in one tree. */
  readonly seen: Uint8Array;
  /** A page could not be read, and why. */
  readonly lost: (reason: string) => void;
}

/** Whether the first key stands before the other. */
type IsOrdered = (one: Buffer, other: Buffer) => boolean;

/** Keys that those of a page stand between. */
interface Bounds {
  readonly low: Buffer | undefined;
  readonly high: Buffer | undefined;
  readonly isOrdered: IsOrdered;
}

export class PageFile {
  readonly #file: number;
  readonly #bytes: number;
  #pageBytes = 0;

  /** @throws the error of the file system */
  constructor(path: string) {
    this.#file = openSync(path, "r");
    this.#bytes = fstatSync(this.#file).size;
  }

  close(): void {
    closeSync(this.#file);
  }

  /**
   * What the file can be read as: first as LMDB would open it, then as it was before.
   * @throws NotAStoreFile
   * @throws OtherLmdbVersion
   */
  snapshots(): Snapshot[] {
    const first = this.#read(0, headerBytes + 144, "the head of the file");
    if (first.readUInt16LE(18) !== meta || first.readUInt32LE(headerBytes) !== magic)
      throw new NotAStoreFile("it does not begin as an LMDB file does");
    if ((first.readUInt32LE(headerBytes + 4) & 0xffff) !== dataVersion)
      throw new OtherLmdbVersion(`The store was written by another version of LMDB: run the program that wrote it.`);
    this.#pageBytes = first.readUInt32LE(headerBytes + 24);
    if (this.#pageBytes < 512 || this.#pageBytes > 65_536 || (this.#pageBytes & (this.#pageBytes - 1)) !== 0)
      throw new NotAStoreFile("its page size is none");
    // The third one, in the middle of the first page, is the last commit that the disk confirmed.
    const places = [0, this.#pageBytes, this.#pageBytes / 2];
    const found = places.flatMap((at, index) => this.#snapshotAt(at, index < 2));
    return found.sort(
      (one, other) => Number(one.isUnconfirmed) - Number(other.isUnconfirmed) || other.commit - one.commit,
    );
  }

  /** Begins to walk over the trees of a snapshot. */
  walk(snapshot: Snapshot, lost: (reason: string) => void): Walk {
    const pages = Math.min(snapshot.lastPage + 1, Math.ceil(this.#bytes / this.#pageBytes));
    return { snapshot, seen: new Uint8Array(pages), lost };
  }

  /** The rows of a tree in the order of their keys; what cannot be read is told and passed over. */
  *entries(tree: Tree, walk: Walk, isOrdered: IsOrdered = isBefore): Generator<Entry> {
    let count = 0;
    if (tree.root !== undefined) {
      for (const entry of this.#under(tree.root, { low: undefined, high: undefined, isOrdered }, walk, tree.depth)) {
        count += 1;
        yield entry;
      }
    }
    if (count !== tree.entries) walk.lost(`${count} of ${tree.entries} rows of a table can be read`);
  }

  *#under(number: number, bounds: Bounds, walk: Walk, levels: number): Generator<Entry> {
    let nodes: readonly Node[];
    try {
      nodes = this.#nodes(number, bounds, walk);
      if (levels > 1 !== (nodes[0]?.child !== undefined)) throw new BadPage("it stands at the wrong level");
    } catch (error) {
      walk.lost(`page ${number}: ${reasonOf(error)}`);
      return;
    }
    for (const [index, node] of nodes.entries()) {
      if (node.child === undefined) {
        const value = this.#valueOf(node, walk);
        if (value !== undefined) yield { key: node.key, value, flags: node.flags };
        continue;
      }
      const low = index === 0 ? bounds.low : node.key;
      const high = nodes[index + 1]?.key ?? bounds.high;
      yield* this.#under(node.child, { low, high, isOrdered: bounds.isOrdered }, walk, levels - 1);
    }
  }

  #nodes(number: number, bounds: Bounds, walk: Walk): readonly Node[] {
    const page = this.#page(number, walk);
    const kind = page.readUInt16LE(18);
    if (kind !== branch && kind !== leaf) throw new BadPage("it is neither branch nor leaf");
    const count = page.readUInt16LE(20) >> 1;
    if (headerBytes + count * 2 > page.length || count === 0) throw new BadPage("its offsets are wrong");
    const nodes: Node[] = [];
    let begin = page.length - headerBytes;
    for (let index = 0; index < count; index += 1) {
      const offset = page.readUInt16LE(headerBytes + index * 2);
      begin = Math.min(begin, offset);
      nodes.push(readNode(page, headerBytes + offset, kind === branch));
    }
    if (page.readUInt16LE(22) !== begin || begin < count * 2) throw new BadPage("its nodes begin elsewhere");
    // The first key of a branch is not used and may be anything.
    checkOrder(kind === branch ? nodes.slice(1) : nodes, bounds);
    return nodes;
  }

  #valueOf({ value, flags }: Node, walk: Walk): Buffer | undefined {
    if ((flags & bigValue) === 0) return value;
    const number = longAt(value, 0);
    try {
      return this.#overflow(number, value.readUInt32LE(24), longAt(value, 16), walk);
    } catch (error) {
      walk.lost(`page ${number}: ${reasonOf(error)}`);
      return undefined;
    }
  }

  #overflow(number: number, size: number, pages: number, walk: Walk): Buffer {
    if (headerBytes + size > pages * this.#pageBytes || number + pages - 1 > walk.snapshot.lastPage)
      throw new BadPage("its size is wrong");
    const bytes = this.#read(number * this.#pageBytes, headerBytes + size, "it");
    this.#checkHead(bytes, number, walk);
    if (bytes.readUInt16LE(18) !== overflow || bytes.readUInt32LE(20) !== pages)
      throw new BadPage("it is not what the value begins with");
    for (let page = number + 1; page < number + pages; page += 1) markSeen(page, walk);
    return bytes.subarray(headerBytes);
  }

  #page(number: number, walk: Walk): Buffer {
    if (number > walk.snapshot.lastPage) throw new BadPage("there is no such page");
    const page = this.#read(number * this.#pageBytes, this.#pageBytes, "it");
    this.#checkHead(page, number, walk);
    return page;
  }

  #checkHead(page: Buffer, number: number, walk: Walk): void {
    if (longAt(page, 0) !== number) throw new BadPage("it has the number of another");
    if (longAt(page, 8) > walk.snapshot.commit) throw new BadPage("it was written over");
    markSeen(number, walk);
  }

  #read(at: number, length: number, what: string): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    if (at + length > this.#bytes || readSync(this.#file, bytes, 0, length, at) < length)
      throw new NotAStoreFile(`${what} is cut off`);
    return bytes;
  }

  #snapshotAt(at: number, hasMagic: boolean): (Snapshot & { readonly isUnconfirmed: boolean })[] {
    if (at + headerBytes + 144 > this.#bytes) return [];
    const bytes = this.#read(at + headerBytes, 144, "a head");
    if (hasMagic && bytes.readUInt32LE(0) !== magic) return [];
    const commit = longAt(bytes, 128);
    if (commit === 0 && !hasMagic) return [];
    const isUnconfirmed = (bytes.readUInt16LE(28) & unconfirmed) !== 0;
    return [
      {
        commit,
        pageBytes: bytes.readUInt32LE(24),
        lastPage: longAt(bytes, 120),
        free: readTree(bytes, 24),
        main: readTree(bytes, 72),
        isUnconfirmed,
      },
    ];
  }
}

/** A node of a page: with a child in a branch, with a value in a leaf. */
interface Node {
  readonly key: Buffer;
  readonly child: number | undefined;
  readonly value: Buffer;
  readonly flags: number;
}

/** The tree that stands in the value of a node of the main tree, or in a head. */
export function readTree(bytes: Buffer, at = 0): Tree {
  if (bytes.length < at + treeBytes) throw new RangeError("a table has no root");
  const root = longAt(bytes, at + 40);
  return {
    root: root === noPage ? undefined : root,
    entries: longAt(bytes, at + 32),
    depth: bytes.readUInt16LE(at + 6),
    flags: bytes.readUInt16LE(at + 4),
  };
}

function readNode(page: Buffer, at: number, isBranch: boolean): Node {
  if (at + nodeBytes > page.length) throw new BadPage("a node is outside of it");
  const flags = isBranch ? 0 : page.readUInt16LE(at + 4);
  const keyEnd = at + nodeBytes + page.readUInt16LE(at + 6);
  const size = page.readUInt32LE(at);
  const valueEnd = isBranch ? keyEnd : keyEnd + ((flags & bigValue) === 0 ? size : 24);
  if (valueEnd > page.length) throw new BadPage("a node is outside of it");
  const key = page.subarray(at + nodeBytes, keyEnd);
  if (isBranch) return { key, child: page.readUIntLE(at, 6), value: page.subarray(keyEnd, keyEnd), flags };
  const value = page.subarray(keyEnd, valueEnd);
  if ((flags & bigValue) === 0) return { key, child: undefined, value, flags };
  const place = Buffer.alloc(28);
  value.copy(place);
  place.writeUInt32LE(size, 24);
  return { key, child: undefined, value: place, flags };
}

function checkOrder(nodes: readonly Node[], { low, high, isOrdered }: Bounds): void {
  let before: Buffer | undefined;
  for (const { key } of nodes) {
    if (before === undefined ? low !== undefined && isOrdered(key, low) : !isOrdered(before, key))
      throw new BadPage("its keys do not ascend");
    before = key;
  }
  if (before !== undefined && high !== undefined && !isOrdered(before, high)) throw new BadPage("a key is too high");
}

function isBefore(one: Buffer, other: Buffer): boolean {
  return Buffer.compare(one, other) < 0;
}

function markSeen(number: number, { seen }: Walk): void {
  if (number >= seen.length) throw new BadPage("it is cut off");
  if (seen[number] !== 0) throw new BadPage("it belongs to two places");
  seen[number] = 1;
}

/** Page and commit numbers have 48 bits; what is larger is not exact, and none of them. */
function longAt(bytes: Buffer, at: number): number {
  return bytes.readUInt16LE(at + 6) * 2 ** 48 + bytes.readUIntLE(at, 6);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
