/** `node announce ADDR…`: the addresses others dial, changed while the node runs. */
import type { Command } from 'commander';
import { parseAddresses } from '../arguments.ts';
import type { Cli } from '../cli.ts';
import { subcommand } from '../help.ts';

export function addNodeAnnounce(group: Command, cli: Cli): void {
  subcommand(group, cli, 'announce <address...>', 'node.announce').action(async (given: string[]) => {
    const addresses = parseAddresses(given, '<address>') ?? [];
    const answer = await (await cli.node()).announce(addresses);
    cli.say('node.announced', { addresses: answer.addresses });
    cli.result(answer);
  });
}
