/** The part of a `.cpuprofile` file that we read; times are microseconds. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Where time was spent: one function, or one file. */
export interface Cost {
  readonly name: string;
  readonly place: string;
  readonly milliseconds: number;
  /** Of the time in which the process was not idle; 0 to 1. */
  readonly share: number;
}

/** Self time by function, dearest first. `root` is cut off the places. */
export function functionCosts(profile: CpuProfile, root: string): readonly Cost[] {
  return costsBy(profile, ({ functionName, url, lineNumber }) => ({
    name: functionName || "(anonymous)",
    place: url === "" ? "" : `${placeOf(url, root)}:${lineNumber + 1}`,
  }));
}

/** Self time by file, dearest first; what has no file (garbage collector, native code) goes by its name. */
export function fileCosts(profile: CpuProfile, root: string): readonly Cost[] {
  return costsBy(profile, ({ functionName, url }) =>
    url === "" ? { name: functionName || "(native)", place: "" } : { name: placeOf(url, root), place: "" },
  );
}

/** One of our own files, without what stands before `root`; others as they are. */
export function placeOf(url: string, root: string): string {
  const path = url.replace("file://", "");
  return path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path;
}

/** Microseconds of each node's own, by its id. */
export function selfTimes({ samples, timeDeltas }: CpuProfile): ReadonlyMap<number, number> {
  const times = new Map<number, number>();
  for (const [i, id] of samples.entries()) {
    // A delta is the time since the sample before, so a sample's own time is the next one's delta.
    times.set(id, (times.get(id) ?? 0) + (timeDeltas[i + 1] ?? 0));
  }
  return times;
}

type CallFrame = CpuProfile["nodes"][number]["callFrame"];

function costsBy(
  profile: CpuProfile,
  label: (frame: CallFrame) => { readonly name: string; readonly place: string },
): readonly Cost[] {
  const times = selfTimes(profile);
  const byLabel = new Map<string, { name: string; place: string; microseconds: number }>();
  let busyMicroseconds = 0;
  for (const { id, callFrame } of profile.nodes) {
    const microseconds = times.get(id);
    if (microseconds === undefined || callFrame.functionName === "(idle)") continue;
    busyMicroseconds += microseconds;
    const { name, place } = label(callFrame);
    const key = `${name} ${place}`;
    const cost = byLabel.get(key);
    if (cost === undefined) byLabel.set(key, { name, place, microseconds });
    else cost.microseconds += microseconds;
  }
  return [...byLabel.values()]
    .sort((a, b) => b.microseconds - a.microseconds)
    .map(({ name, place, microseconds }) => ({
      name,
      place,
      milliseconds: microseconds / 1_000,
      share: busyMicroseconds === 0 ? 0 : microseconds / busyMicroseconds,
    }));
}
