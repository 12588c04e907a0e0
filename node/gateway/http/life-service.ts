/**
 * What the doors need of a node for a document's life, in plain data: part of NodeService. As there, a door holds no rules.
 */
import type { RegisterPage, RegisterQuery } from '../../core/register-views.ts';
import type { RecallAnswer, StatusAct, StatusAnswer } from '../../core/status-views.ts';
import type { DeliverySummary } from '../../core/views.ts';

export interface LifeService {
  /** A clerk or the local system says something about a document received. 'status-not-allowed', 'field-missing', 'ambiguous'. */
  say(id: string, act: StatusAct): Promise<StatusAnswer>;
  /** The document was handed over: status 01 for the copies nobody has said anything about; of one sent, nothing. */
  taken(id: string, unit?: string): Promise<void>;
  /** Asks recipients, all or those named, to give a document back; what became of it at each. */
  recall(id: string, request: RecallAsked): Promise<RecallAnswer[]>;
  /** The same document to more recipients; who has it already is left as it is. */
  addRecipients(id: string, to: readonly string[], reason: string, by?: string): Promise<DeliverySummary[]>;
  /** A page of the register of incoming or outgoing documents of a year. */
  register(query: RegisterQuery): Promise<RegisterPage>;
}

export interface RecallAsked {
  reason: string;
  /** Recipient units; all when absent. */
  units?: readonly string[] | undefined;
  /** The unit here that recalls: the one that issued it, or the agency, which it is when absent. */
  by?: string | undefined;
}
