const never: Promise<never> = new Promise(() => {});

/** Whether it came to its end in time, and before `failure` was rejected. */
export async function within(
  milliseconds: number,
  work: Promise<void>,
  failure: Promise<never> = never,
): Promise<boolean> {
  let timeout: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timeout = setTimeout(() => resolve(false), milliseconds);
  });
  const failed = failure.catch(() => false as const);
  const inTime = await Promise.race([work.then(() => true), late, failed]);
  clearTimeout(timeout);
  return inTime;
}
