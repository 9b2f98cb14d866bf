import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { root, runWell } from "./program.ts";

/** How this project was installed itself, so that its packages are taken instead of being brought again. */
const installation = "npm ci --ignore-scripts";

/** One instruction of a Dockerfile, its continued lines joined. */
export interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** What an image would be, as a directory, and how it would be started. */
export interface Built {
  readonly directory: string;
  readonly instructions: readonly Instruction[];
}

/** The instructions of the project's Dockerfile. */
export function readDockerfile(): readonly Instruction[] {
  const lines = readFileSync(join(root, "Dockerfile"), "utf8").replaceAll("\\\n", " ").split("\n");
  return lines
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [name = ""] = line.split(" ");
      return {
        name,
        text: line
          .slice(name.length + 1)
          .replace(/ +/g, " ")
          .trim(),
      };
    });
}

/** The arguments of an instruction in JSON, `["node", …]`. */
export function argumentsOf(built: Built, name: string): string[] {
  const { text } = built.instructions.find((each) => each.name === name) ?? { text: "[]" };
  return JSON.parse(text.slice(text.indexOf("[")));
}

/**
 * Does what the instructions say in directories instead of images: no kernel's namespaces, and the Node.js that runs this
 * instead of the one in the base image. Absolute paths are those of the directory.
 * @param owner user and group of what the image gives to the user `node`
 */
export async function buildInDirectories(directory: string, owner: number): Promise<Built> {
  const stages = new Map<string, string>();
  let stage = { directory: "", workdir: "/", instructions: [] as Instruction[] };
  for (const instruction of readDockerfile()) {
    const { name, text } = instruction;
    if (name === "FROM") {
      const stageName = / AS (\w+)$/.exec(text)?.[1] ?? "image";
      stage = { directory: join(directory, stageName), workdir: "/", instructions: [] };
      stages.set(stageName, stage.directory);
      mkdirSync(join(stage.directory, "usr/local/bin"), { recursive: true });
    }
    stage.instructions.push(instruction);
    if (name === "WORKDIR") stage.workdir = text;
    const workdir = join(stage.directory, stage.workdir);
    mkdirSync(workdir, { recursive: true });
    if (name === "COPY") copy(text, workdir, stages);
    if (name === "RUN" && text === installation) {
      await runWell(workdir, "cp", "--archive", `${join(root, "node_modules")}/.`, "node_modules");
    } else if (name === "RUN") {
      const here = text.replaceAll(/(?<= )\/(?=\w)/g, `${stage.directory}/`).replaceAll(/=node\b/g, `=${owner}`);
      await runWell(workdir, "sh", "-e", "-c", here);
    }
  }
  return stage;
}

function copy(text: string, workdir: string, stages: ReadonlyMap<string, string>): void {
  const words = text.split(" ");
  const from = words[0]?.startsWith("--from=") ? words.shift()?.slice("--from=".length) : undefined;
  const target = words.pop() ?? "";
  const to = join(workdir, target);
  for (const source of words) {
    if (from === undefined && !isInContext(source)) throw new Error(`.dockerignore leaves out ${source}`);
    const path = join(from === undefined ? root : (stages.get(from) ?? ""), source);
    const isInto =
      target.endsWith("/") || (existsSync(to) && statSync(to).isDirectory() && !statSync(path).isDirectory());
    const copied = isInto ? join(to, basename(source)) : to;
    // Nothing asks for what an earlier stage has once it was taken, and moving is quicker.
    if (from === undefined) cpSync(path, copied, { recursive: true });
    else renameSync(path, copied);
  }
}

/** `.dockerignore` leaves out everything but the lines with `!`. */
function isInContext(source: string): boolean {
  const lines = readFileSync(join(root, ".dockerignore"), "utf8").trimEnd().split("\n");
  return lines[0] === "*" && lines.includes(`!${source}`);
}
