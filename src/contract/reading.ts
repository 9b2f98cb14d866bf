import type { FindingCode } from "./finding.ts";
import {
  isReference,
  isValueList,
  isValueMap,
  referenceName,
  type Sources,
  type Value,
  type ValueMap,
} from "./sources.ts";

/** A map of the document, with the name under which it is found. */
export interface Named {
  readonly name: string;
  readonly map: ValueMap;
}

/** Reads typed values out of maps; each method gives undefined and makes a finding where something else stands there. */
export class Reading {
  readonly sources: Sources;

  constructor(sources: Sources) {
    this.sources = sources;
  }

  add(code: FindingCode, value: object, key: string | number | undefined, problem: string, hint: string): undefined {
    return this.sources.add(code, value, key, problem, hint);
  }

  /** What `key` leads to, references followed; undefined when it is not there. */
  at(owner: ValueMap, key: string): Value | undefined {
    if (!Object.hasOwn(owner, key)) return undefined;
    return this.sources.resolve(owner[key]!);
  }

  map(owner: ValueMap, key: string): ValueMap | undefined {
    const value = this.at(owner, key);
    if (value === undefined || isValueMap(value)) return value;
    return this.#wrong(owner, key, "a mapping");
  }

  text(owner: ValueMap, key: string): string | undefined {
    const value = this.at(owner, key);
    if (value === undefined || typeof value === "string") return value;
    return this.#wrong(owner, key, "a text");
  }

  /** A text for people. Nothing depends on it, so what is none is left out. */
  note(owner: ValueMap, key: string): string | undefined {
    const value = Object.hasOwn(owner, key) ? owner[key] : undefined;
    if (typeof value === "number") return String(value);
    return typeof value === "string" ? value : undefined;
  }

  boolean(owner: ValueMap, key: string): boolean | undefined {
    const value = this.at(owner, key);
    if (value === undefined || typeof value === "boolean") return value;
    return this.#wrong(owner, key, "true or false");
  }

  integer(owner: ValueMap, key: string, minimum: number, maximum: number): number | undefined {
    const value = this.at(owner, key);
    if (value === undefined) return undefined;
    if (typeof value === "number" && Number.isInteger(value) && value >= minimum && value <= maximum) return value;
    return this.#wrong(owner, key, `a whole number from ${minimum} to ${maximum}`);
  }

  word<Word extends string>(owner: ValueMap, key: string, words: readonly Word[]): Word | undefined {
    const value = this.at(owner, key);
    if (value === undefined) return undefined;
    const word = words.find((each) => each === value);
    if (word !== undefined) return word;
    return this.add("unknown-value", owner, key, `${key} cannot be ${shown(value)}`, `Write ${words.join(" or ")}`);
  }

  /** The items of a list, references followed; those that lead nowhere are left out. */
  list(owner: ValueMap, key: string): readonly Value[] {
    const value = this.at(owner, key);
    if (value === undefined) return [];
    if (!isValueList(value)) return this.#wrong(owner, key, "a list") ?? [];
    return value.map((item) => this.sources.resolve(item)).filter((item) => item !== undefined);
  }

  texts(owner: ValueMap, key: string): readonly string[] | undefined {
    if (!Object.hasOwn(owner, key)) return undefined;
    const items = this.list(owner, key);
    const texts = items.filter((item) => typeof item === "string");
    if (texts.length < items.length) return this.#wrong(owner, key, "a list of texts");
    return texts;
  }

  /** The maps in a map, references followed, without extensions. */
  maps(owner: ValueMap, key: string): readonly Named[] {
    const container = this.map(owner, key);
    if (container === undefined) return [];
    const named: Named[] = [];
    for (const name of Object.keys(container)) {
      if (name.startsWith("x-")) continue;
      const map = this.map(container, name);
      if (map !== undefined) named.push({ name, map });
    }
    return named;
  }

  /** The maps in a list, references followed; a reference gives its name. */
  mapsOfList(owner: ValueMap, key: string): readonly Named[] {
    const value = this.at(owner, key);
    if (value === undefined) return [];
    if (!isValueList(value)) return this.#wrong(owner, key, "a list") ?? [];
    const named: Named[] = [];
    for (const item of value) {
      const resolved = this.sources.resolve(item);
      if (isValueMap(resolved)) named.push({ name: isReference(item) ? referenceName(item) : "", map: resolved });
      else if (resolved !== undefined) this.#wrong(owner, key, "a list of mappings or references");
    }
    return named;
  }

  /** A map with its traits beneath it: what it says itself wins (AsyncAPI 3.0, Traits Merge Mechanism). */
  withTraits(map: ValueMap): ValueMap {
    const traits = this.mapsOfList(map, "traits");
    return traits.toReversed().reduce((merged, trait) => this.sources.merge(merged, trait.map), map);
  }

  /** The binding for MQTT of something that has bindings. */
  mqttBinding(owner: ValueMap): ValueMap | undefined {
    const bindings = this.map(owner, "bindings");
    return bindings === undefined ? undefined : this.map(bindings, "mqtt");
  }

  #wrong(owner: ValueMap, key: string, kind: string): undefined {
    return this.add("wrong-type", owner, key, `${key} must be ${kind}, not ${shown(owner[key])}`, `Write ${kind}`);
  }
}

/** A value for people, cut. */
export function shown(value: Value | undefined): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
