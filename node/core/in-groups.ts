/** Many small asynchronous steps, some at once: quicker than one by one, and bounded in what they hold meanwhile. */

/** The answers in the order of the items; never more than `size` steps under way. Rejects with the first failure. */
export async function inGroups<T, R>(
  items: readonly T[],
  size: number,
  step: (item: T) => Promise<R>,
): Promise<R[]> {
  const answers: R[] = [];
  for (let at = 0; at < items.length; at += size)
    answers.push(...(await Promise.all(items.slice(at, at + size).map(step))));
  return answers;
}
