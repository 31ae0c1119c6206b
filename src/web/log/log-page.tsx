import type { ReactNode } from 'react';
import { useText } from '../language.tsx';
import { beijingTime, durationText, etherText } from '../measures.ts';
import { PageTitle } from '../page-title.tsx';
import { ProblemAlert } from '../problem-alert.tsx';
import { Row } from '../report-parts.tsx';
import { StepMark } from '../status-mark.tsx';
import { alarmText, chainStateTexts, type Text } from '../texts.ts';
import { DayChart } from './charts.tsx';
import type { Delay, History } from './log-answers.ts';
import { incidentText, logTexts } from './log-texts.ts';
import { LookUp } from './look-up.tsx';
import { useHistory } from './use-history.ts';

/** What anyone may know of the log. */
export function LogPage() {
  const t = useText();
  const { history, error } = useHistory();
  return (
    <>
      <PageTitle title={t(logTexts.title)} />
      <p>{t(logTexts.lead)}</p>
      {error !== undefined && <ProblemAlert title={logTexts.unavailable} error={error} />}
      {history !== undefined && <HistoryView history={history} />}
      <LookUp />
      <section className="card" aria-labelledby="audit-title">
        <h2 id="audit-title">{t(logTexts.checkYourself)}</h2>
        <p>{t(logTexts.checkYourselfLead)}</p>
        <p>
          <code className="wrap-anywhere">npx tiezheng audit --url {location.origin} --rpc https://…</code>
        </p>
      </section>
    </>
  );
}

function HistoryView({ history }: { history: History }) {
  const t = useText();
  const { growth, chains, receiptToPublication } = history;
  return (
    <>
      <Section id="growth-title" title={logTexts.growth}>
        <DayChart
          title={logTexts.growthChart}
          unit={logTexts.records}
          kind="line"
          points={growth.map(({ day, treeSize }) => ({ day, value: treeSize }))}
        />
        <p className="hint">
          {t(logTexts.asOf)} {beijingTime(history.asOf)}
        </p>
      </Section>
      <Section id="chains-title" title={logTexts.chains}>
        {chains.map((chain) => (
          <ChainView key={`${chain.chain} ${chain.contract}`} chain={chain} />
        ))}
      </Section>
      <Section id="delays-title" title={logTexts.delays}>
        <dl className="facts">
          <DelayRow label={logTexts.receiptToPublication} delay={receiptToPublication} />
          {chains.flatMap(({ chain, contract, publicationToAnchor, receiptToAnchor }) => [
            <DelayRow
              key={`${chain} ${contract} publication`}
              label={logTexts.publicationToAnchor}
              about={chain}
              delay={publicationToAnchor}
            />,
            <DelayRow
              key={`${chain} ${contract} receipt`}
              label={logTexts.receiptToAnchor}
              about={chain}
              delay={receiptToAnchor}
            />,
          ])}
        </dl>
      </Section>
      <Section id="witnesses-title" title={logTexts.witnesses}>
        {history.witnesses.length === 0 && <p>{t(logTexts.noWitnesses)}</p>}
        <ul>
          {history.witnesses.map(({ name, cosigned, lastAt }) => (
            <li key={name} className="wrap-anywhere">
              {name} · {t(logTexts.cosigned)} {cosigned} · {beijingTime(lastAt)}
            </li>
          ))}
        </ul>
      </Section>
      <Sources history={history} />
      <Incidents incidents={history.incidents} />
    </>
  );
}

export function Section({ id, title, children }: { id: string; title: Text; children: ReactNode }) {
  const t = useText();
  return (
    <section className="card" aria-labelledby={id}>
      <h2 id={id}>{t(title)}</h2>
      {children}
    </section>
  );
}

function ChainView({ chain }: { chain: History['chains'][number] }) {
  const t = useText();
  const { newestFinal, inFlight, costs, anchors, trouble } = chain;
  const gas = costs.reduce((sum, { gasUsed }) => sum + BigInt(gasUsed), 0n);
  const wei = costs.reduce((sum, { costWei }) => sum + BigInt(costWei), 0n);
  const transactions = BigInt(costs.reduce((sum, each) => sum + each.transactions, 0));
  return (
    <section data-chain={chain.chain}>
      <h3>
        {t(logTexts.chain)} {chain.chain}
      </h3>
      <dl className="facts">
        <Row label={logTexts.newestFinal}>
          {newestFinal === null
            ? t(logTexts.nothingYet)
            : `${beijingTime(newestFinal.since)} · ${t(logTexts.upToRecord)} ${newestFinal.treeSize}`}
        </Row>
        <Row label={logTexts.inFlight}>
          {inFlight === null
            ? t(logTexts.noneInFlight)
            : `${t(stateText(inFlight.state))} · ${t(logTexts.since)} ${beijingTime(inFlight.since)}`}
          {trouble !== null && <div>{t(alarmText(trouble))}</div>}
        </Row>
        <Row label={logTexts.gas}>
          {String(gas)}
          {transactions > 0n && ` · ${t(logTexts.perAnchor)} ${gas / transactions}`}
        </Row>
        <Row label={logTexts.cost}>
          {etherText(wei)}
          {transactions > 0n && ` · ${t(logTexts.perAnchor)} ${etherText(wei / transactions)}`}
        </Row>
      </dl>
      <DayChart
        title={logTexts.anchorsChart}
        unit={logTexts.anchors}
        kind="bars"
        points={anchors.map(({ day, anchors: value }) => ({ day, value }))}
      />
      <DayChart
        title={logTexts.costChart}
        unit={{ zh: '', en: '' }}
        kind="bars"
        points={costs.map(({ day, costWei }) => ({ day, value: Number(costWei) / 1e18 }))}
        format={(value) => value.toPrecision(3)}
      />
    </section>
  );
}

export function stateText(state: string): Text {
  return (chainStateTexts as Record<string, Text>)[state] ?? { zh: state, en: state };
}

function DelayRow({ label, about, delay }: { label: Text; about?: string; delay: Delay }) {
  const t = useText();
  const { medianSeconds, ninetiethSeconds, samples } = delay;
  const name = about === undefined ? label : { zh: `${label.zh}（${about}）`, en: `${label.en} (${about})` };
  return (
    <Row label={name}>
      {medianSeconds === null || ninetiethSeconds === null ? (
        <span className="hint">{t(samples === 0 ? logTexts.nothingYet : logTexts.tooFew)}</span>
      ) : (
        <>
          {t(logTexts.half)} {t(durationText(medianSeconds))} · {t(logTexts.nineInTen)}{' '}
          {t(durationText(ninetiethSeconds))}{' '}
          <span className="hint">
            {t(logTexts.samples)} {samples}
          </span>
        </>
      )}
    </Row>
  );
}

function Sources({ history }: { history: History }) {
  const { attested, authorities, calendars } = history;
  return (
    <>
      <Section id="authorities-title" title={logTexts.authorities}>
        <AuthorityList authorities={authorities} />
        <dl className="facts">
          <Row label={logTexts.stamped}>
            {attested.stampedByOne} / {attested.stampedByTwo} ({attested.publications})
          </Row>
        </dl>
      </Section>
      <Section id="calendars-title" title={logTexts.calendars}>
        <CalendarList calendars={calendars} />
        <dl className="facts">
          <Row label={logTexts.bitcoin}>
            {attested.bitcoinComplete} / {attested.bitcoinPending}
          </Row>
        </dl>
      </Section>
    </>
  );
}

export function AuthorityList({ authorities }: { authorities: History['authorities'] }) {
  const t = useText();
  if (authorities.length === 0) return <p>{t(logTexts.noAuthorities)}</p>;
  return (
    <ul className="health">
      {authorities.map(({ name, operator, independent, trouble }) => (
        <li key={`${name} ${operator}`} className="wrap-anywhere">
          <Health trouble={trouble} /> {name} · {operator} ·{' '}
          {t(independent ? logTexts.independent : logTexts.notIndependent)}
        </li>
      ))}
    </ul>
  );
}

export function CalendarList({ calendars }: { calendars: History['calendars'] }) {
  const t = useText();
  if (calendars.length === 0) return <p>{t(logTexts.noCalendars)}</p>;
  return (
    <ul className="health">
      {calendars.map(({ url, trouble }) => (
        <li key={url} className="wrap-anywhere">
          <Health trouble={trouble} /> {url}
        </li>
      ))}
    </ul>
  );
}

/** Works, or the code of what is wrong; in words, a shape and a colour. */
export function Health({ trouble }: { trouble: string | null }) {
  const t = useText();
  return (
    <span className="health-mark">
      <StepMark status={trouble === null ? 'passed' : 'pending'} />
      {trouble === null ? t(logTexts.works) : `${t(logTexts.trouble)} (${trouble})`}
    </span>
  );
}

function Incidents({ incidents }: { incidents: History['incidents'] }) {
  const t = useText();
  return (
    <Section id="incidents-title" title={logTexts.incidents}>
      {incidents.length === 0 && <p>{t(logTexts.noIncidents)}</p>}
      <ul className="health">
        {incidents.map(({ code, about, raisedAt, clearedAt, alarms }) => (
          <li key={`${code} ${about} ${raisedAt}`} data-incident={code} data-open={clearedAt === null}>
            <span className="health-mark">
              <StepMark status={clearedAt === null ? 'pending' : 'passed'} />
              {t(clearedAt === null ? logTexts.open : logTexts.cleared)}
            </span>{' '}
            {clearedAt !== null && t(logTexts.atTheTime)} {t(incidentText(code) ?? alarmText(code))}
            {about !== null && ` · ${about}`}
            {alarms > 1 && ` · ${alarms} ${t(logTexts.times)}`}
            <div className="hint">
              {t(logTexts.since)} {incidentTime(raisedAt)}
              {clearedAt !== null && ` ${t(logTexts.until)} ${incidentTime(clearedAt)}`} · <code>{code}</code>
            </div>
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** Some are told to the day only, a UTC one. */
function incidentTime(utc: string): string {
  return utc.endsWith('T00:00:00.000Z') ? `${utc.slice(0, 10)} (UTC)` : beijingTime(utc);
}
