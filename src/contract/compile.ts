import { ChannelMatcher } from "./channel-matcher.ts";
import type { JsonType } from "./content.ts";
import type { Channel, ChannelMessage, Contract, Parameter, SchemaSource } from "./contract.ts";
import type { Finding } from "./finding.ts";
import type { CompiledMessage, LocationCheck, PayloadKind } from "./message-check.ts";
import { type ReadContractOptions, readContract, sortedFindings } from "./read-contract.ts";
import type { Sources } from "./sources.ts";
import { SchemaCompiler, type Validator } from "./validators.ts";

/** A channel that is ready to be asked. */
export interface CompiledChannel {
  readonly channel: Channel;
  readonly messages: ReadonlyMap<ChannelMessage, CompiledMessage>;
  readonly locations: readonly LocationCheck[];
}

/** A contract that is ready to be asked: nothing of the document is interpreted any more. */
export interface CompiledContract {
  readonly contract: Contract;
  readonly matcher: ChannelMatcher;
  readonly channels: ReadonlyMap<Channel, CompiledChannel>;
  /** Why a value cannot stand for a parameter; undefined when it can. */
  readonly parameterProblem: (channel: Channel, name: string, value: string) => string | undefined;
}

/** What compiling came to. */
export interface Compilation {
  /** undefined when there are errors. */
  readonly compiled: CompiledContract | undefined;
  /** Errors and warnings, in the order of the files. */
  readonly findings: readonly Finding[];
}

/**
 * Compiles an AsyncAPI 3.0 document.
 * @param file its path as people gave it; it stands before every finding
 */
export function compileContract(file: string, options: ReadContractOptions): Compilation {
  const { contract, sources } = readContract(file, options);
  const compiled = contract === undefined ? undefined : new Compiler(sources).compile(contract);
  const findings = sortedFindings(sources.findings);
  return { compiled: findings.some(({ severity }) => severity === "error") ? undefined : compiled, findings };
}

class Compiler {
  readonly #sources: Sources;
  readonly #schemas: SchemaCompiler;
  readonly #messages: Map<ChannelMessage, CompiledMessage> = new Map();
  readonly #parameters: Map<Parameter, Validator> = new Map();

  constructor(sources: Sources) {
    this.#sources = sources;
    this.#schemas = new SchemaCompiler(sources);
  }

  compile(contract: Contract): CompiledContract {
    const channels = new Map(contract.channels.map((channel) => [channel, this.#channel(channel)] as const));
    const parameterProblem = (channel: Channel, name: string, value: string): string | undefined => {
      const parameter = channel.parameters.get(name);
      return parameter === undefined ? undefined : this.#parameterProblem(parameter, value);
    };
    const matcher = new ChannelMatcher(contract.channels, (channel, name, value) => {
      return parameterProblem(channel, name, value) === undefined;
    });
    return { contract, matcher, channels, parameterProblem };
  }

  #channel(channel: Channel): CompiledChannel {
    const messages = new Map(channel.messages.map((message) => [message, this.#message(message)] as const));
    const locations: LocationCheck[] = [];
    for (const { name, schema, location, place } of channel.parameters.values()) {
      if (location !== undefined) locations.push({ name, location, place });
      if (schema !== undefined)
        this.#parameter(channel.parameters.get(name)!, { schema, name: "", dialect: "draft-07", place });
    }
    return { channel, messages, locations };
  }

  #message(message: ChannelMessage): CompiledMessage {
    const known = this.#messages.get(message);
    if (known !== undefined) return known;
    const kind = this.#kind(message);
    const compiled: CompiledMessage = {
      message,
      kind,
      jsonType: jsonTypeOf(message.payload),
      payload: kind === "opaque" ? undefined : this.#validator(message.payload, "payload"),
      headers: this.#validator(message.headers, "header"),
    };
    this.#messages.set(message, compiled);
    this.#checkExamples(compiled);
    return compiled;
  }

  #kind({ contentType, payload, name }: ChannelMessage): PayloadKind {
    const type = contentType.split(";", 1)[0]!.trim().toLowerCase();
    if (type === "application/json" || type.endsWith("+json")) return "json";
    // Numbers and booleans look the same in a text as in JSON.
    const jsonType = jsonTypeOf(payload);
    if (type.startsWith("text/")) return jsonType === "number" || jsonType === "boolean" ? "json" : "text";
    if (typeof payload?.schema === "object" && payload.dialect !== undefined) {
      this.#sources.addAt(
        "schema-unchecked",
        payload.place,
        `Payloads of ${name} are ${contentType}, so they are passed on unchecked`,
        "Nothing needs mending; JSON and text are checked",
      );
    }
    return "opaque";
  }

  #validator(source: SchemaSource | undefined, what: string): Validator | undefined {
    if (source === undefined || source.schema === true || source.dialect === undefined) return undefined;
    return this.#schemas.compile({ ...source, dialect: source.dialect }, what);
  }

  #parameter(parameter: Parameter, source: SchemaSource): void {
    const validator = this.#validator(source, `{${parameter.name}}`);
    if (validator !== undefined) this.#parameters.set(parameter, validator);
  }

  #parameterProblem(parameter: Parameter, value: string): string | undefined {
    const { name, values } = parameter;
    if (values !== undefined && !values.includes(value)) return `{${name}} must be one of ${values.join(", ")}`;
    return this.#parameters.get(parameter)?.(value)?.sentence;
  }

  /** The standard parser does not look at them. */
  #checkExamples({ message, kind, payload, headers }: CompiledMessage): void {
    for (const { owner, name } of message.examples) {
      const checks: readonly [string, Validator | undefined][] = [
        ["payload", kind === "opaque" ? undefined : payload],
        ["headers", headers],
      ];
      for (const [key, check] of checks) {
        if (check === undefined || !Object.hasOwn(owner, key)) continue;
        const problem = check(owner[key]);
        if (problem === undefined) continue;
        this.#sources.add(
          "example-mismatch",
          owner,
          key,
          `The example ${name} of ${message.name}: ${problem.sentence}`,
          "Mend the example, or the schema",
        );
      }
    }
  }
}

function jsonTypeOf(source: SchemaSource | undefined): JsonType | undefined {
  const type = typeof source?.schema === "object" ? source.schema["type"] : undefined;
  if (type === "integer") return "number";
  return typeof type === "string" ? (type as JsonType) : undefined;
}
