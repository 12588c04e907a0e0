/**
 * The sandbox from beginning to end: start, replay, verify, what to try next, wait, stop. Whatever happens, no process
 * stays behind; every failure is one clear line and what to do. Answers the exit status.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { timeText } from '../../node/cli/amounts.ts';
import { quoted } from '../../node/cli/cli.ts';
import type { NodeClient } from '../../node/cli/node-client.ts';
import { bytesText } from '../../node/core/byte-text.ts';
import { CommandFailed, folderExists } from './command.ts';
import { Federation, type NodeUp, StartFailed } from './federation.ts';
import { nodeAt } from './local-node.ts';
import { makePaper, sendPaper, verifyPaper } from './opening.ts';
import type { Screen } from './screen.ts';

const SENDER = 'G22';
const RECIPIENTS = ['H40', 'H51'] as const;
const REGISTRY_NAME = 'Sổ đăng ký thử nghiệm';
/** Characters of an exchange id that are its time in milliseconds: as much as has to be typed. */
const UNIQUE_ID = 13;
const EXIT_FAILED = 1;
const EXIT_INTERRUPTED = 130;

export interface SandboxOptions {
  dir: string;
  once: boolean;
  screen: Screen;
  /** First Ctrl-C. */
  stopping: AbortSignal;
  /** Second Ctrl-C. */
  stoppingNow: AbortSignal;
}

export async function runSandbox(options: SandboxOptions): Promise<number> {
  const status = await toItsEnd(options);
  return options.stoppingNow.aborted ? EXIT_INTERRUPTED : status;
}

async function toItsEnd(options: SandboxOptions): Promise<number> {
  const { dir, once, screen, stopping, stoppingNow } = options;
  const startedAt = performance.now();
  const dead: string[] = [];
  const death = new AbortController();
  const names = new Map<string, string>();
  screen.line();
  screen.say(screen.text('title'), 'bold');
  screen.say(screen.text('about'));
  screen.say(`${screen.text('folder')}: ${dir}`, 'dim');
  screen.line();
  screen.say(screen.text(folderExists(dir) ? 'again' : 'firstRun'));
  const federation = new Federation({
    dir,
    codes: [SENDER, ...RECIPIENTS],
    registryName: REGISTRY_NAME,
    lang: screen.language,
    events: {
      registryUp: (agencies) =>
        screen.row('ok', '', screen.text('registry'), screen.text('registryUp', { count: agencies })),
      nodeUp: (node, isNew) => {
        names.set(node.agency, node.agencyName);
        showNode(screen, node, isNew);
      },
      died: (name, why) => {
        dead.push(name);
        screen.say(screen.text('died', { name: nameOf(screen, name), why }), 'red');
        death.abort();
      },
    },
  });
  const forced = () => void federation.stop(true);
  stoppingNow.addEventListener('abort', forced, { once: true });
  try {
    await untilAborted(federation.start(), stopping);
    const elapsed = screen.elapsed(performance.now() - startedAt);
    screen.line();
    screen.say(screen.text('allUp', { elapsed, count: federation.processes }));
    const ending = AbortSignal.any([stopping, death.signal]);
    const valid = await untilAborted(replay(options, federation, names, ending), ending);
    if (once || !valid) return valid ? 0 : EXIT_FAILED;
    screen.line();
    screen.say(screen.text('running'), 'bold');
    await untilAborted(new Promise(() => {}), ending);
    return 0;
  } catch (error) {
    if (dead.length > 0) return EXIT_FAILED;
    if (stopping.aborted) return once ? EXIT_INTERRUPTED : 0;
    explain(screen, error, dir);
    return EXIT_FAILED;
  } finally {
    if (stopping.aborted) screen.say(screen.text('stopping'), 'dim');
    await federation.stop(stoppingNow.aborted);
    stoppingNow.removeEventListener('abort', forced);
    if (!once) screen.say(screen.text('stopped', { folder: dir }), 'dim');
  }
}

function showNode(screen: Screen, node: NodeUp, isNew: boolean): void {
  screen.row('ok', node.agency, node.agencyName, screen.text(isNew ? 'enrolled' : 'known'));
  const address = node.listening[0] ?? '';
  screen.say(`${address}  PeerId ${node.peerId.slice(0, 8)}…${node.peerId.slice(-6)}`, 'dim', 8);
}

/** Sends, shows each receipt as it comes, verifies; true when all is as it should be. */
async function replay(
  options: SandboxOptions,
  federation: Federation,
  names: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<boolean> {
  const { dir, screen } = options;
  const open = async (code: string) => ({ code, node: await nodeAt(federation.member(code).dir, signal) });
  const [sender, ...recipients] = await Promise.all([SENDER, ...RECIPIENTS].map(open));
  const node = sender!.node;
  const paper = await makePaper(
    dir,
    node,
    RECIPIENTS.map((code) => names.get(code) ?? code),
  );
  screen.heading(screen.text('opening'));
  screen.row('going', SENDER, `Quyết định ${paper.legal}`, `→ ${RECIPIENTS.join(', ')}`);
  screen.say(`“${paper.subject}”`, undefined, 8);
  const size = bytesText(paper.bytes, screen.language);
  screen.say(`${path.basename(paper.file)}  ${size}  SHA-256 ${paper.sha256.slice(0, 16)}…`, 'dim', 8);
  const id = await sendPaper(node, paper, await readFile(paper.file), RECIPIENTS, {
    queued: ({ queuedMs }) =>
      screen.say(screen.text('queued', { elapsed: screen.elapsed(queuedMs) }), undefined, 8),
    settled: async ({ to, state, lastError }, elapsedMs, documentId) => {
      const name = names.get(to) ?? to;
      if (state === 'delivered') {
        screen.row('ok', to, name, screen.text('receipt', { elapsed: screen.elapsed(elapsedMs) }));
        await showReceipt(screen, node, documentId, to);
      } else screen.row('wrong', to, name, screen.text('notDelivered', { why: lastError ?? state }));
    },
    waiting: (to, why) => screen.row('wrong', to, names.get(to) ?? to, screen.text('notDelivered', { why })),
  });
  const checked = await verifyPaper(id, node, recipients);
  screen.line();
  const isValid = checked.wrong.length === 0 && checked.receipts === RECIPIENTS.length;
  const { receipts: count, checks, wrong } = checked;
  if (isValid) screen.say(`✓ ${screen.text('verified', { count, all: RECIPIENTS.length, checks })}`, 'green');
  else screen.say(`✗ ${screen.text('notVerified', { what: wrong.join('; ') })}`, 'red');
  showNext(options, federation, id, paper);
  return isValid;
}

async function showReceipt(screen: Screen, node: NodeClient, id: string, to: string): Promise<void> {
  const { deliveries } = await node.show(id);
  const receipt = deliveries.find((delivery) => delivery.to === to)?.receipt;
  if (receipt) screen.say(screen.text('signedBy', { by: receipt.by, at: timeText(receipt.at) }), 'dim', 8);
}

function showNext(
  { screen, dir }: SandboxOptions,
  federation: Federation,
  id: string,
  paper: { number: number; file: string },
): void {
  const folder = (code: string) => quoted(federation.member(code).dir);
  const short = id.slice(0, UNIQUE_ID);
  const run = 'npx lienthong';
  screen.heading(screen.text('next'));
  screen.command(screen.text('nextInbox'), `${run} list inbox --dir ${folder('H40')}`);
  screen.command(screen.text('nextShow'), `${run} show ${short} --dir ${folder(SENDER)}`);
  screen.command(screen.text('nextVerify'), `${run} verify ${short} --dir ${folder('H51')}`);
  screen.command(
    screen.text('nextFetch'),
    `${run} fetch ${short} --evidence --out ${quoted(path.join(dir, 'tai-ve'))} --dir ${folder('H40')}`,
  );
  screen.command(screen.text('nextStatus'), `${run} node status --dir ${folder(SENDER)}`);
  const reply = screen.text('replySubject', { number: paper.number });
  screen.command(
    screen.text('nextSend'),
    `${run} send ${quoted(paper.file)} --dir ${folder('H40')} --to ${SENDER}` +
      ` --type "${screen.text('replyType')}" --number ${paper.number} --notation BC-UBND --subject "${reply}" --wait`,
  );
}

const nameOf = (screen: Screen, who: string): string => (who === 'registry' ? screen.text('registry') : who);

function explain(screen: Screen, error: unknown, dir: string): void {
  const code = error instanceof StartFailed || error instanceof CommandFailed ? error.code : undefined;
  const why = error instanceof Error ? error.message : String(error);
  if (error instanceof StartFailed)
    screen.say(screen.text('failed', { name: nameOf(screen, error.who), why }), 'red');
  else screen.say(why, 'red');
  const folder = quoted(dir);
  if (code === 'address-in-use') screen.say(screen.text('hintPort', { folder }));
  else if (code === 'locked') screen.say(screen.text('hintLocked'));
  else screen.say(screen.text('hintDamaged', { folder }));
}

/** The promise's outcome, or a rejection as soon as the signal fires. */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  promise.catch(() => {});
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
