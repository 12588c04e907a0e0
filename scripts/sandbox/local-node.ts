/** The way into a running node's or registry's folder: the command line's own clients, for programs that stay. */
import { LocalClient } from '../../node/cli/local-client.ts';
import { NodeClient } from '../../node/cli/node-client.ts';
import { RegistryClient } from '../../node/cli/registry-client.ts';
import { systemClock } from '../../node/core/clock.ts';
import { NODE_SOCKET, REGISTRY_SOCKET } from '../../node/gateway/http/socket-names.ts';
import { socketPath } from '../../node/store/folder.ts';

async function clientOf(
  dir: string,
  name: string,
  command: string,
  signal: AbortSignal,
): Promise<LocalClient> {
  const startCommand = `lienthong ${command} run --dir ${dir}`;
  return new LocalClient({
    socketPath: await socketPath(dir, name),
    dir,
    startCommand,
    clock: systemClock,
    signal,
  });
}

export const nodeAt = async (dir: string, signal: AbortSignal): Promise<NodeClient> =>
  new NodeClient(await clientOf(dir, NODE_SOCKET, 'node', signal));

export const registryAt = async (dir: string, signal: AbortSignal): Promise<RegistryClient> =>
  new RegistryClient(await clientOf(dir, REGISTRY_SOCKET, 'registry', signal));
