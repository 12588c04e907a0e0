/** The product's version, from its package: shown by the doors and told in Hello. */
import about from '../../package.json' with { type: 'json' };

export const VERSION: string = about.version;
/** What a node says it is: in Hello and in an enrolment request. */
export const SOFTWARE: string = `lienthong/${VERSION}`;
