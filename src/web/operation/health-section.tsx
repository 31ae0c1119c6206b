import { Button } from 'antd';
import { useCallback, useEffect, useState } from 'react';
import { CodedError } from '../../errors.ts';
import { getJson, postForBlob } from '../api-client.ts';
import { useText } from '../language.tsx';
import { type OpenAlarm, type Platform, platformSchema } from '../log/log-answers.ts';
import { AuthorityList, CalendarList, Health, Section, stateText } from '../log/log-page.tsx';
import { actionText, incidentText, logTexts, partTexts } from '../log/log-texts.ts';
import { beijingTime } from '../measures.ts';
import { ProblemAlert } from '../problem-alert.tsx';
import { Row } from '../report-parts.tsx';
import { StepMark } from '../status-mark.tsx';
import { alarmText, texts } from '../texts.ts';

const POLL_MS = 10_000;

/** What needs somebody, and how each part is. */
export function HealthSection({ mayClear }: { mayClear: boolean }) {
  const t = useText();
  const [platform, setPlatform] = useState<Platform | undefined>();
  const [error, setError] = useState<CodedError | undefined>();
  const load = useCallback(async () => {
    try {
      setPlatform(await getJson('/platform', platformSchema));
      setError(undefined);
    } catch (failure) {
      setError(failure instanceof CodedError ? failure : new CodedError('internal', String(failure)));
    }
  }, []);
  useEffect(() => {
    load();
    const timer = setInterval(load, POLL_MS);
    return () => clearInterval(timer);
  }, [load]);
  return (
    <>
      <p>{t(logTexts.operatorLead)}</p>
      {error !== undefined && <ProblemAlert title={logTexts.unavailable} error={error} />}
      {platform !== undefined && <PlatformView platform={platform} mayClear={mayClear} reload={load} />}
    </>
  );
}

interface PlatformViewProps {
  platform: Platform;
  mayClear: boolean;
  reload: () => Promise<void>;
}

function PlatformView({ platform, mayClear, reload }: PlatformViewProps) {
  const t = useText();
  const { openAlarms, clearedAlarms, readiness, chains, witnesses, clocks, holdings } = platform;
  return (
    <>
      <Section id="alarms-title" title={logTexts.needed}>
        {openAlarms.length === 0 && <p>{t(logTexts.nothingNeeded)}</p>}
        <ul className="health">
          {openAlarms.map((alarm) => (
            <AlarmView key={`${alarm.code} ${alarm.subject}`} alarm={alarm} mayClear={mayClear} reload={reload} />
          ))}
        </ul>
      </Section>
      <Section id="parts-title" title={logTexts.health}>
        <ul className="health">
          {readiness.map(({ name, status, reason }) => (
            <li key={name}>
              <span className="health-mark">
                <StepMark status={status === 'ok' ? 'passed' : status === 'failed' ? 'failed' : 'pending'} />
                {t(logTexts[status])}
              </span>{' '}
              {t(partTexts[name] ?? { zh: name, en: name })}
              {reason !== null && ` · ${reason}`}
            </li>
          ))}
        </ul>
        <dl className="facts">
          <Row label={logTexts.waitingLeaves}>{holdings.waitingLeaves}</Row>
          <Row label={logTexts.softwareVersion}>{platform.version}</Row>
        </dl>
      </Section>
      <Section id="chains-title" title={logTexts.chains}>
        {chains.map((chain) => (
          <ChainView key={`${chain.chain} ${chain.contract}`} chain={chain} />
        ))}
        {chains.length === 0 && <p>{t(texts.none)}</p>}
      </Section>
      <Section id="witnesses-title" title={logTexts.witnesses}>
        {witnesses.length === 0 && <p>{t(texts.none)}</p>}
        <ul className="health">
          {witnesses.map(({ name, operator, reason, cosignedSize }) => (
            <li key={name} className="wrap-anywhere">
              <Health trouble={reason?.code ?? null} /> {name}
              {operator !== null && ` · ${operator}`} · {t(logTexts.upToRecord)} {cosignedSize}
              {reason !== null && <div className="hint">{reason.message}</div>}
            </li>
          ))}
        </ul>
      </Section>
      <Section id="authorities-title" title={logTexts.authorities}>
        <AuthorityList authorities={platform.authorities} />
      </Section>
      <Section id="calendars-title" title={logTexts.calendars}>
        <CalendarList calendars={platform.calendars} />
      </Section>
      <Section id="clocks-title" title={logTexts.clocks}>
        {clocks.length === 0 && <p>{t(texts.none)}</p>}
        <ul className="health">
          {clocks.map(({ source, server, offsetMs, uncertaintyMs, withinLimit, measuredAt }) => (
            <li key={`${source} ${server}`} className="wrap-anywhere">
              <span className="health-mark">
                <StepMark status={withinLimit ? 'passed' : 'pending'} />
                {t(withinLimit ? logTexts.withinLimit : logTexts.beyondLimit)}
              </span>{' '}
              {source}: {t(logTexts.ahead)} {offsetMs} ± {uncertaintyMs} ms{' '}
              <span className="hint">{beijingTime(measuredAt)}</span>
            </li>
          ))}
        </ul>
      </Section>
      <Section id="audits-title" title={logTexts.audits}>
        <p>{t(logTexts.auditsLead)}</p>
        <p>
          <code className="wrap-anywhere">npx tiezheng audit --url {location.origin} --rpc https://…</code>
        </p>
      </Section>
      <Section id="past-title" title={logTexts.pastAlarms}>
        {clearedAlarms.length === 0 && <p>{t(texts.none)}</p>}
        <ul className="health">
          {clearedAlarms.map(({ code, subject, raisedAt, clearedAt }) => (
            <li key={`${code} ${subject} ${raisedAt}`} className="wrap-anywhere">
              {t(incidentText(code) ?? alarmText(code))} {subject !== '' && <code>{subject}</code>}
              <div className="hint">
                {t(logTexts.since)} {beijingTime(raisedAt)} {t(logTexts.until)} {beijingTime(clearedAt ?? raisedAt)} ·{' '}
                <code>{code}</code>
              </div>
            </li>
          ))}
        </ul>
      </Section>
    </>
  );
}

function ChainView({ chain }: { chain: Platform['chains'][number] }) {
  const t = useText();
  const { lastFinal, inFlight, reason, providers, headTreeSize } = chain;
  return (
    <section data-chain={chain.chain} data-state={chain.state}>
      <h3 className="wrap-anywhere">
        {chain.chain} <code>{chain.contract}</code>
      </h3>
      <p>
        <Health trouble={reason?.code ?? null} />
      </p>
      {reason !== null && (
        <p className="wrap-anywhere">
          {t(alarmText(reason.code))} <span className="hint">{reason.message}</span>
        </p>
      )}
      <dl className="facts">
        <Row label={logTexts.head}>{headTreeSize ?? t(logTexts.nothingYet)}</Row>
        <Row label={logTexts.newestFinal}>
          {lastFinal === null
            ? t(logTexts.nothingYet)
            : `${beijingTime(lastFinal.since)} · ${t(logTexts.upToRecord)} ${lastFinal.treeSize}`}
        </Row>
        <Row label={logTexts.inFlight}>
          {inFlight === null ? (
            t(logTexts.noneInFlight)
          ) : (
            <>
              {t(stateText(inFlight.state))} · {t(logTexts.since)} {beijingTime(inFlight.since)} ·{' '}
              {t(logTexts.upToRecord)} {inFlight.treeSize} · {inFlight.transactions} {t(logTexts.signedTransactions)}
              {inFlight.note !== null && <div className="hint wrap-anywhere">{inFlight.note}</div>}
            </>
          )}
        </Row>
        {providers.length > 0 && (
          <Row label={logTexts.nodes}>
            {providers.map(({ name, trouble }) => (
              <div key={name}>
                <Health trouble={trouble?.code ?? null} /> {name}
              </div>
            ))}
          </Row>
        )}
      </dl>
    </section>
  );
}

function AlarmView({ alarm, mayClear, reload }: { alarm: OpenAlarm; mayClear: boolean; reload: () => Promise<void> }) {
  const t = useText();
  const [asking, setAsking] = useState(false);
  const [error, setError] = useState<CodedError | undefined>();
  const { code, subject, detail, raisedAt } = alarm;
  const clear = async () => {
    try {
      await postForBlob('/platform/alarms/clear', { code, subject });
      await reload();
    } catch (failure) {
      setError(failure instanceof CodedError ? failure : new CodedError('internal', String(failure)));
    }
  };
  return (
    <li data-alarm={code} className="wrap-anywhere">
      <span className="health-mark">
        <StepMark status="pending" />
        {t(logTexts.open)}
      </span>{' '}
      <strong>{t(incidentText(code) ?? alarmText(code))}</strong>
      <p>
        {t(logTexts.whatToDo)} {t(actionText(code))}
      </p>
      <div className="hint">
        {t(logTexts.since)} {beijingTime(raisedAt)} · <code>{code}</code> {subject !== '' && <code>{subject}</code>}
        <br />
        <span lang="en">{detail}</span>
      </div>
      {mayClear && !asking && (
        <Button size="small" onClick={() => setAsking(true)}>
          {t(logTexts.clear)}
        </Button>
      )}
      {mayClear && asking && (
        <p>
          {t(logTexts.clearSure)}{' '}
          <Button size="small" danger onClick={clear}>
            {t(logTexts.clearYes)}
          </Button>{' '}
          <Button size="small" onClick={() => setAsking(false)}>
            {t(texts.cancel)}
          </Button>
        </p>
      )}
      {error !== undefined && <ProblemAlert title={logTexts.unavailable} error={error} />}
    </li>
  );
}
