/**
 * Lines of a list that are longer than QCVN 102 lets an element be (Place 150, Appendix 250; Decree 30/2020 allows a
 * recipient 200): written as several elements, each but the first behind the instruction `<?lienthong continued?>`, and read as
 * one text again. Other systems pass over the instruction and show the parts one below the other. Used by writer and reader.
 */

/** WARNING: written into files others keep. */
export const CONTINUED = { target: 'lienthong', body: 'continued' } as const;
export const CONTINUED_LINE = `<?${CONTINUED.target} ${CONTINUED.body}?>`;

/** Parts of at most `most` characters that make up the text when they are put together; broken behind a blank where there is one. */
export function partsOf(text: string, most: number): string[] {
  const characters = [...text];
  const parts: string[] = [];
  for (let from = 0; from < characters.length || parts.length === 0; ) {
    const end = characters.length - from <= most ? characters.length : breakIn(characters, from, from + most);
    parts.push(characters.slice(from, end).join(''));
    from = end;
  }
  return parts;
}

/** Behind the last blank of a part, else at its full length. */
function breakIn(characters: readonly string[], from: number, most: number): number {
  for (let at = most; at > from + 1; at--) if (characters[at - 1] === ' ') return at;
  return most;
}
