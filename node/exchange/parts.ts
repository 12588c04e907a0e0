/**
 * The parts of the exchange and who knows whom: the one place they are put together. Two that call each other meet through
 * a function handed over here.
 */
import type { AgencyLimits } from '../core/agency-limits.ts';
import type { Bytes } from '../core/bytes.ts';
import { WorkingCalendar } from '../core/working-days.ts';
import { BatchSigner } from '../signing/batch-signer.ts';
import { BlobAccess } from './blob-access.ts';
import { BlobPuller } from './blob-puller.ts';
import { BlobServer } from './blob-server.ts';
import { StatusMaker } from './chains.ts';
import { HelperNames } from './circular-helpers.ts';
import { ClockReader } from './clock-reader.ts';
import { Collector } from './collector.ts';
import { Courier } from './courier.ts';
import { DeliveryEvents } from './delivery-events.ts';
import { DeliveryServer } from './delivery-server.ts';
import { FilesArriving } from './files-arriving.ts';
import { Finder } from './finder.ts';
import { FreshSignatures } from './fresh-signatures.ts';
import { Inbox } from './inbox.ts';
import { Library } from './library.ts';
import { LogExaminer } from './log-examiner.ts';
import { LogServer } from './log-server.ts';
import { LogWitness } from './log-witness.ts';
import { Mender } from './mender.ts';
import { MoreRecipients } from './more-recipients.ts';
import { Outbox } from './outbox.ts';
import { PdfReports } from './pdf-reports.ts';
import type { ExchangeComponents } from './ports.ts';
import { Quotas } from './quotas.ts';
import { Recalls } from './recalls.ts';
import { Refuser } from './refuser.ts';
import { Register } from './register.ts';
import { Relations } from './relations.ts';
import { Restorer } from './restorer.ts';
import { Settlement } from './settlement.ts';
import { StatusCarrier } from './status-carrier.ts';
import { type Registers, StatusDesk } from './status-desk.ts';
import { StatusInbox } from './status-inbox.ts';
import { StatusRestorer } from './status-restorer.ts';
import { TakeBack } from './take-back.ts';
import { Trust } from './trust.ts';
import { UpdateAnswers } from './update-answers.ts';
import { Uploads } from './uploads.ts';

export interface ExchangeInit {
  /** Instead of the table's. */
  quota?: Partial<AgencyLimits> | undefined;
  /** A document was taken in: for whoever shows it. */
  onReceived?: (documentId: Bytes) => void;
  /** Something was said about a document, here or by the other side. */
  onChanged?: (documentId: Bytes) => void;
  /** Whose register gives arrival numbers; the agency's one series when absent. */
  registers?: Registers;
  /** Which days are worked; as shipped when absent. */
  calendar?: WorkingCalendar;
  /** Imported edXML messages go to the recipients, too, as an attachment of their own role; false when absent. */
  edxmlOriginalTravels?: boolean;
}

export class ExchangeParts {
  readonly trust: Trust;
  readonly events = new DeliveryEvents();
  readonly uploads: Uploads;
  readonly outbox: Outbox;
  readonly moreRecipients: MoreRecipients;
  readonly courier: Courier;
  readonly deliveryServer: DeliveryServer;
  readonly blobServer: BlobServer;
  readonly mender: Mender;
  readonly puller: BlobPuller;
  readonly library: Library;
  readonly finder: Finder;
  readonly witness: LogWitness;
  readonly examiner: LogExaminer;
  readonly takeBack: TakeBack;
  readonly logServer: LogServer;
  readonly carrier: StatusCarrier;
  readonly statusInbox: StatusInbox;
  readonly desk: StatusDesk;
  readonly recalls: Recalls;
  readonly register: Register;
  readonly quotas: Quotas;

  constructor(components: ExchangeComponents, init: ExchangeInit = {}) {
    const { directory, clock } = components;
    const trust = new Trust(directory);
    const signer = new BatchSigner(() => ({
      federationId: directory().federationId,
      claimedAtMs: clock.nowMs(),
      headHash: directory().headHash,
    }));
    const events = this.events;
    const witness = new LogWitness({
      ...components,
      trust,
      onDoubt: (seat) => this.examiner.consider(seat),
    });
    const settlement = new Settlement({
      ...components,
      trust,
      events,
      witness,
      reroute: (delivery) => this.courier.add(delivery),
      onSettled: (row) => this.carrier.onSettled(row),
    });
    this.carrier = new StatusCarrier({
      ...components,
      onQueued: (delivery) => this.courier.add(delivery),
      onChanged: init.onChanged ?? (() => {}),
    });
    const maker = new StatusMaker({ ...components, signer });
    const quotas = new Quotas(components, init.quota);
    this.quotas = quotas;
    const refuser = new Refuser({ ...components, signer, quotas });
    const isTakingBack = (seat: string) => this.takeBack.isTaking(seat);
    const statuses = { ...components, trust, maker, carrier: this.carrier, isTakingBack };
    this.statusInbox = new StatusInbox({ ...statuses, refuser, quotas, witness });
    const registers = init.registers ?? 'agency';
    this.desk = new StatusDesk({ ...statuses, registers });
    this.register = new Register({ ...components, registers });
    this.recalls = new Recalls({
      ...statuses,
      events,
      withhold: (row, work) => this.courier.withhold(row, work),
    });
    const arriving = new FilesArriving();
    this.puller = new BlobPuller(components);
    const collector = new Collector({ ...components, puller: this.puller, arriving });
    const mender = new Mender({ ...components, puller: this.puller });
    this.mender = mender;
    components.blobs.mend = (sum, small) => mender.mend(sum, small);
    const signatures = new FreshSignatures(components);
    const inbox = new Inbox({
      ...components,
      signer,
      signatures,
      trust,
      collector,
      refuser,
      statuses: this.statusInbox,
      carrier: this.carrier,
      updates: new UpdateAnswers(statuses),
      quotas,
      witness,
      onReceived: init.onReceived ?? (() => {}),
    });
    this.witness = witness;
    this.examiner = new LogExaminer({ ...components, witness });
    const restored = new StatusRestorer({ ...components, trust, onChanged: init.onChanged ?? (() => {}) });
    const restorer = new Restorer({
      ...components,
      trust,
      collector,
      witness,
      events,
      statuses: restored,
      onArrived: async (of) => {
        await this.statusInbox.arrived(of);
        await this.statusInbox.answer(of);
      },
    });
    this.takeBack = new TakeBack({ ...components, signer, restorer });
    this.logServer = new LogServer({ ...components, signer, witness });
    this.trust = trust;
    this.uploads = new Uploads(components);
    this.courier = new Courier({
      ...components,
      ...{ settlement, events, signatures, helpers: new HelperNames(components) },
    });
    this.outbox = new Outbox({
      ...components,
      signer,
      relations: new Relations(components, (id) => this.library.requireId(id)),
      uploads: this.uploads,
      events,
      onQueued: (delivery, fresh) => this.courier.add(delivery, fresh),
    });
    this.moreRecipients = new MoreRecipients({
      ...components,
      signer,
      events,
      onQueued: (delivery) => this.courier.add(delivery),
    });
    this.deliveryServer = new DeliveryServer({ inbox, report: components.report });
    const access = new BlobAccess({ ...components, trust, arriving });
    this.blobServer = new BlobServer({ ...components, access, events, quotas });
    const calendar = init.calendar ?? new WorkingCalendar();
    const clocks = new ClockReader({ ...components, calendar });
    this.library = new Library({
      ...components,
      trust,
      pdfs: new PdfReports({ ...components, trust }),
      clocks,
    });
    const itemOf = this.library.itemOf.bind(this.library);
    this.finder = new Finder({ ...components, itemOf, clocks, calendar });
  }
  async load(): Promise<void> {
    for (const part of [this.quotas, this.witness, this.takeBack, this.statusInbox, this.carrier])
      await part.load();
  }

  async start(): Promise<void> {
    await this.courier.start();
    for (const part of [this.examiner, this.takeBack, this.finder]) part.start();
  }

  async stopSending(): Promise<void> {
    this.puller.stop();
    await Promise.all([this.courier, this.examiner, this.takeBack, this.mender].map((part) => part.stop()));
  }
}
