/** Whether it came to its end in time, and before `failure` was rejected. */
export async function within(milliseconds: number, work: Promise<void>, failure?: Promise<never>): Promise<boolean> {
  let timeout: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timeout = setTimeout(() => resolve(false), milliseconds);
  });
  const ends = [work.then(() => true), late];
  if (failure !== undefined) ends.push(failure.catch(() => false));
  const inTime = await Promise.race(ends);
  clearTimeout(timeout);
  return inTime;
}
