import { Button } from 'antd';
import { type ReactNode, useEffect, useId, useState } from 'react';
import { CodedError } from '../../errors.ts';
import { type DepositDetail, type DepositList, detailSchema, listSchema } from '../api-answers.ts';
import { getBlob, getJson } from '../api-client.ts';
import { DigestText } from '../digest-text.tsx';
import { useText } from '../language.tsx';
import { beijingTime, sizeText } from '../measures.ts';
import { PageTitle } from '../page-title.tsx';
import { ProblemAlert } from '../problem-alert.tsx';
import { Row } from '../report-parts.tsx';
import { Link, useRoute } from '../route.tsx';
import { type Text, texts } from '../texts.ts';
import { type Compared, type ComparedFile, compareAddress, comparedIn, comparisonQuery } from './compare-address.ts';
import { type Comparison, comparisonSchema } from './compare-answers.ts';
import { compareTexts } from './compare-texts.ts';
import { PictureView, type Shown } from './picture-view.tsx';
import './compare.css';

/** Two deposited files next to each other, for people to look at. */
export function ComparePage({ query, evaluation }: { query: string; evaluation: boolean }) {
  const t = useText();
  const { original, suspect } = comparedIn(query);
  return (
    <>
      <PageTitle title={t(compareTexts.title)} />
      {evaluation && (
        <p className="evaluation-banner compare-evaluation">
          {t(texts.evaluationTitle)} · {t(texts.evaluationBanner)}
        </p>
      )}
      <p className="no-print">{t(compareTexts.lead)}</p>
      {original !== undefined && suspect !== undefined ? (
        <Both key={query} original={original} suspect={suspect} />
      ) : (
        <Choose original={original} suspect={suspect} />
      )}
    </>
  );
}

interface Found {
  comparison: Comparison;
  original: DepositDetail;
  suspect: DepositDetail;
}

function Both({ original, suspect }: { original: ComparedFile; suspect: ComparedFile }) {
  const t = useText();
  const [found, setFound] = useState<Found | undefined>();
  const [error, setError] = useState<CodedError | undefined>();
  const query = comparisonQuery({ original, suspect });
  const { depositId: originalId } = original;
  const { depositId: suspectId } = suspect;
  useEffect(() => {
    const abort = new AbortController();
    const ask = async () => {
      const comparison = await getJson(`/comparison?${query}`, comparisonSchema, abort.signal);
      const [a, b] = await Promise.all(
        [originalId, suspectId].map((id) => getJson(`/deposits/${id}`, detailSchema, abort.signal)),
      );
      setFound({ comparison, original: a as DepositDetail, suspect: b as DepositDetail });
    };
    ask().catch((failure: unknown) => !abort.signal.aborted && setError(codedError(failure)));
    return () => abort.abort();
  }, [query, originalId, suspectId]);
  return (
    <>
      <p className="buttons no-print">
        <Link to={compareAddress({ original: suspect, suspect: original })}>{t(compareTexts.swap)}</Link>
        <Link to={compareAddress({ suspect })}>{t(compareTexts.otherOriginal)}</Link>
        <Link to={compareAddress({ original })}>{t(compareTexts.otherSuspect)}</Link>
        <Button onClick={() => print()}>{t(compareTexts.print)}</Button>
      </p>
      {error !== undefined && <ProblemAlert title={compareTexts.unavailable} error={error} />}
      {found === undefined && error === undefined && <p role="status">{t(texts.loading)}</p>}
      {found !== undefined && <Result {...found} />}
    </>
  );
}

function Result({ comparison, original, suspect }: Found) {
  const t = useText();
  const { hint, isIdentical } = comparison;
  return (
    <>
      <section className="card" aria-labelledby="pictures-title">
        <h2 id="pictures-title">{t(compareTexts.pictures)}</h2>
        <Pictures
          comparison={comparison}
          names={{ original: nameOf(original, comparison.original), suspect: nameOf(suspect, comparison.suspect) }}
        />
        <dl className="facts">
          <Row label={compareTexts.bytes}>{t(isIdentical ? compareTexts.identical : compareTexts.different)}</Row>
          <Row label={compareTexts.hint}>
            {hint === null ? (
              t(compareTexts.noHint)
            ) : (
              <>
                <strong data-differing-bits={hint.differingBits}>
                  {hint.differingBits} {t(compareTexts.hintValue)} {hint.bits}
                </strong>
                <br />
                {t(hint.notice)}
                <br />
                <span className="hint">{t(compareTexts.hintScale)}</span>
              </>
            )}
          </Row>
        </dl>
      </section>
      <section className="card" aria-labelledby="compared-title">
        <h2 id="compared-title">{t(compareTexts.facts)}</h2>
        <div className="compare-facts">
          <Facts label={compareTexts.original} deposit={original} side={comparison.original} />
          <Facts label={compareTexts.suspect} deposit={suspect} side={comparison.suspect} />
        </div>
        <p className="hint">{t(texts.notAuthor)}</p>
      </section>
    </>
  );
}

function nameOf(deposit: DepositDetail, { fileIndex }: Comparison['original']): string {
  return deposit.files[fileIndex]?.name.name ?? String(fileIndex + 1);
}

function Pictures({ comparison, names }: { comparison: Comparison; names: Record<'original' | 'suspect', string> }) {
  const t = useText();
  const original = usePicture(comparison.original);
  const suspect = usePicture(comparison.suspect);
  const isPair = comparison.original.picture === 'shown' && comparison.suspect.picture === 'shown';
  if (original.error !== undefined || suspect.error !== undefined) {
    return <ProblemAlert title={compareTexts.pictureFailed} error={(original.error ?? suspect.error) as CodedError} />;
  }
  if (!isPair) {
    const whys = [comparison.original, comparison.suspect].map((side, i) => ({
      label: i === 0 ? compareTexts.original : compareTexts.suspect,
      name: i === 0 ? names.original : names.suspect,
      why:
        side.picture === 'trade-secret' ? compareTexts.secret : side.picture === 'none' ? compareTexts.none : undefined,
      address: (i === 0 ? original : suspect).address,
    }));
    return (
      <>
        <p role="note">
          <strong>{t(compareTexts.noPicture)}</strong>{' '}
          {whys.every(({ why }) => why !== compareTexts.secret) && t(compareTexts.notPictures)}
        </p>
        <div className="compare-sides" data-mode="none">
          {whys.map(({ label, name, why, address }) => (
            <figure key={label.en}>
              <figcaption>
                <strong>{t(label)}</strong> · <bdi className="wrap-anywhere">{name}</bdi>
              </figcaption>
              {why !== undefined && <p>{t(why)}</p>}
              {address !== undefined && (
                <img className="preview" src={address} alt={`${t(texts.filePreview)} ${name}`} />
              )}
            </figure>
          ))}
        </div>
      </>
    );
  }
  if (original.address === undefined || suspect.address === undefined) return <p role="status">{t(texts.loading)}</p>;
  const left: Shown = { label: compareTexts.original, name: names.original, address: original.address };
  const right: Shown = { label: compareTexts.suspect, name: names.suspect, address: suspect.address };
  return (
    <>
      <PictureView original={left} suspect={right} />
      <div className="compare-print">
        {[left, right].map(({ label, name, address }) => (
          <figure key={label.en}>
            <img src={address} alt={`${t(texts.filePreview)} ${name}`} />
            <figcaption>
              <strong>{t(label)}</strong> · <bdi className="wrap-anywhere">{name}</bdi>
            </figcaption>
          </figure>
        ))}
      </div>
      <p className="hint">{t(compareTexts.displayCopy)}</p>
    </>
  );
}

/** Fetched once for every way of looking at it: a look is a custody event. */
function usePicture({ depositId, fileIndex, picture }: Comparison['original']) {
  const [state, setState] = useState<{ address?: string; error?: CodedError }>({});
  useEffect(() => {
    if (picture !== 'shown') return;
    let made: string | undefined;
    let gone = false;
    getBlob(`/deposits/${depositId}/files/${fileIndex}/preview`).then(
      (blob) => {
        if (gone) return;
        made = URL.createObjectURL(blob);
        setState({ address: made });
      },
      (failure: unknown) => !gone && setState({ error: codedError(failure) }),
    );
    return () => {
      gone = true;
      if (made !== undefined) URL.revokeObjectURL(made);
    };
  }, [depositId, fileIndex, picture]);
  return state;
}

function Facts({ label, deposit, side }: { label: Text; deposit: DepositDetail; side: Comparison['original'] }) {
  const t = useText();
  const file = deposit.files[side.fileIndex];
  const { capturedFrom, capturedUntil } = deposit.annexes.statement;
  const captured = [capturedFrom, capturedUntil].map((time) =>
    time === undefined ? t(texts.notProvided) : beijingTime(time),
  );
  return (
    <article>
      <h3>{t(label)}</h3>
      <dl className="facts">
        <Row label={compareTexts.file}>
          <bdi>{nameOf(deposit, side)}</bdi>
        </Row>
        <Row label={compareTexts.deposit}>
          <Link to={`/deposits/${deposit.depositId}`}>{deposit.title ?? t(texts.depositUntitled)}</Link>
        </Row>
        <Row label={texts.depositNo}>{deposit.leafIndex ?? t(texts.statusWaiting)}</Row>
        <Row label={texts.reportCertificateNo}>{deposit.certificate?.certificateNo ?? t(texts.downloadLater)}</Row>
        <Row label={texts.timeCapture}>
          {capturedFrom === undefined && capturedUntil === undefined ? t(texts.notProvided) : captured.join(' – ')}
        </Row>
        <Row label={texts.timeReceived}>{beijingTime(deposit.record.receivedAt)}</Row>
        <Row label={compareTexts.chainSeen}>
          {deposit.anchor?.state === 'final' ? beijingTime(deposit.anchor.since) : t(texts.timePending)}
        </Row>
        <Row label={compareTexts.size}>
          {sizeText(side.sizeBytes)} ({side.sizeBytes} B)
        </Row>
        <Row label={texts.sha256}>
          <DigestText hex={side.sha256} />
        </Row>
        <Row label={texts.sm3}>
          {file === undefined || file.entry.digests.sm3 === null ? (
            t(texts.notProvided)
          ) : (
            <DigestText hex={file.entry.digests.sm3} />
          )}
        </Row>
      </dl>
    </article>
  );
}

// ---------------------------------------------------------------- choosing

function Choose({ original, suspect }: Compared) {
  const t = useText();
  const { go } = useRoute();
  const [list, setList] = useState<DepositList | undefined>();
  const [error, setError] = useState<CodedError | undefined>();
  const [chosen, setChosen] = useState<Compared>({ original, suspect });
  useEffect(() => {
    const abort = new AbortController();
    getJson('/deposits?limit=100', listSchema, abort.signal).then(
      setList,
      (failure: unknown) => !abort.signal.aborted && setError(codedError(failure)),
    );
    return () => abort.abort();
  }, []);
  const isReady = chosen.original !== undefined && chosen.suspect !== undefined;
  return (
    <section className="card" aria-labelledby="choose-title">
      <h2 id="choose-title">{t(compareTexts.choose)}</h2>
      <p className="hint">{t(compareTexts.chooseHint)}</p>
      {error !== undefined && <ProblemAlert title={compareTexts.unavailable} error={error} />}
      {list === undefined && error === undefined && <p role="status">{t(texts.loading)}</p>}
      {list?.deposits.length === 0 && <p>{t(compareTexts.noDeposits)}</p>}
      {list !== undefined && list.deposits.length > 0 && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (isReady) go(compareAddress(chosen));
          }}
        >
          <div className="fields">
            {(['original', 'suspect'] as const).map((side) => (
              <FileChoice
                key={side}
                label={side === 'original' ? compareTexts.chooseOriginal : compareTexts.chooseSuspect}
                list={list}
                chosen={chosen[side]}
                onChoose={(file) => setChosen((now) => ({ ...now, [side]: file }))}
              />
            ))}
          </div>
          {list.next !== null && <p className="hint">{t(compareTexts.onlyNewest)}</p>}
          <div className="buttons">
            <Button type="primary" htmlType="submit" disabled={!isReady}>
              {t(compareTexts.compare)}
            </Button>
          </div>
        </form>
      )}
    </section>
  );
}

interface FileChoiceProps {
  label: Text;
  list: DepositList;
  chosen: ComparedFile | undefined;
  onChoose: (file: ComparedFile | undefined) => void;
}

function FileChoice({ label, list, chosen, onChoose }: FileChoiceProps) {
  const t = useText();
  const id = useId();
  const deposit = list.deposits.find(({ depositId }) => depositId === chosen?.depositId);
  // Granted to this account, or older than those listed: it stays what the address says.
  const isElsewhere = chosen !== undefined && deposit === undefined;
  return (
    <div>
      <label htmlFor={`${id}-deposit`}>{t(label)}</label>
      <select
        id={`${id}-deposit`}
        className="native-field"
        value={chosen?.depositId ?? ''}
        onChange={({ target }) => onChoose(target.value === '' ? undefined : { depositId: target.value, fileIndex: 0 })}
      >
        <option value="">{t(compareTexts.pleaseChoose)}</option>
        {isElsewhere && <option value={chosen.depositId}>{chosen.depositId}</option>}
        {list.deposits.map(({ depositId, title, leafIndex, receivedAt, fileCount }) => (
          <option key={depositId} value={depositId} disabled={fileCount === 0}>
            {`${leafIndex ?? '–'} · ${title ?? t(texts.depositUntitled)} · ${beijingTime(receivedAt)}`}
          </option>
        ))}
      </select>
      {chosen !== undefined && (deposit?.fileCount ?? 1) > 1 && <FileOfDeposit chosen={chosen} onChoose={onChoose} />}
    </div>
  );
}

function FileOfDeposit({
  chosen,
  onChoose,
}: {
  chosen: ComparedFile;
  onChoose: (file: ComparedFile) => void;
}): ReactNode {
  const t = useText();
  const id = useId();
  const { depositId, fileIndex } = chosen;
  const [deposit, setDeposit] = useState<DepositDetail | undefined>();
  useEffect(() => {
    const abort = new AbortController();
    setDeposit(undefined);
    // Without an answer the first file is compared, and the page that compares says what is wrong.
    getJson(`/deposits/${depositId}`, detailSchema, abort.signal).then(setDeposit, () => {});
    return () => abort.abort();
  }, [depositId]);
  if (deposit === undefined) return <p role="status">{t(texts.loading)}</p>;
  return (
    <>
      <label htmlFor={id}>{t(compareTexts.chooseFile)}</label>
      <select
        id={id}
        className="native-field"
        value={fileIndex}
        onChange={({ target }) => onChoose({ depositId, fileIndex: Number(target.value) })}
      >
        {deposit.files.map(({ entry, name }) => (
          <option key={entry.index} value={entry.index}>
            {`${entry.index + 1}. ${name.name}`}
          </option>
        ))}
      </select>
    </>
  );
}

function codedError(failure: unknown): CodedError {
  return failure instanceof CodedError ? failure : new CodedError('internal', String(failure));
}
