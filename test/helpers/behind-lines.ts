/** Agencies that are reached over lines of the test alone, which it counts and cuts (counted-line.ts). */
import type { CountedLine } from './counted-line.ts';
import type { Agency, Federation } from './federation.ts';

/** Each announces its line and is started again; the answer starts one whose process has ended, behind its line. */
export async function putBehindLines(
  federation: Federation,
  lines: ReadonlyMap<Agency, CountedLine>,
): Promise<(agency: Agency) => Promise<void>> {
  const lead = async (agency: Agency) => lines.get(agency)!.leadsTo((await agency.status()).listening);
  const start = async (agency: Agency) => {
    await agency.start();
    await lead(agency);
  };
  for (const [agency, line] of lines) {
    await lead(agency);
    const end = await agency.cli('node', 'announce', line.address);
    if (end.exit !== 0) throw new Error(end.stderr);
  }
  await federation.inStep();
  // connections made before knew the way without the line
  for (const agency of lines.keys()) await agency.stop();
  for (const agency of lines.keys()) await start(agency);
  await federation.inStep();
  return start;
}
