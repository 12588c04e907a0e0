import t from 'tap';
import { MemoryEngine } from '../../node/store/memory-engine.ts';
import { keyValueContract } from '../contract/key-value.ts';

keyValueContract(t, { name: 'memory', open: async () => new MemoryEngine() });
