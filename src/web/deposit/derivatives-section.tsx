import { Button } from 'antd';
import { useCallback, useEffect, useState } from 'react';
import * as z from 'zod';
import { type DepositDetail, detailSchema } from '../api-answers.ts';
import { getJson, postJson } from '../api-client.ts';
import { DigestText } from '../digest-text.tsx';
import { useText } from '../language.tsx';
import { DepositChooser } from '../matter/deposit-chooser.tsx';
import { choicesOf, type EntryField, EntryForm } from '../matter/entry-form.tsx';
import { DERIVATIVE_KINDS } from '../matter/matter-answers.ts';
import { derivativeKindTexts } from '../matter/matter-texts.ts';
import { beijingTime } from '../measures.ts';
import { ProblemAlert } from '../problem-alert.tsx';
import { Row } from '../report-parts.tsx';
import { Link } from '../route.tsx';
import { type Text, texts } from '../texts.ts';
import { useAction } from '../use-action.ts';
import { useFocusAfter } from '../use-focus-after.ts';
import { type Derivative, derivativesSchema } from './item-answers.ts';
import { itemTexts } from './item-texts.ts';

const FIELDS: readonly EntryField[] = [
  { name: 'kind', label: itemTexts.kind, kind: 'choice', choices: choicesOf(DERIVATIVE_KINDS, derivativeKindTexts) },
  {
    name: 'method',
    label: itemTexts.method,
    hint: itemTexts.methodHint,
    kind: 'lines',
    maxLength: 1000,
    required: true,
  },
];

/** What was made from the deposit, or what that was made from, each a deposit of its own. */
export function DerivativesSection({ depositId, mayLink }: { depositId: string; mayLink: boolean }) {
  const t = useText();
  const [found, setFound] = useState<z.infer<typeof derivativesSchema> | undefined>();
  const load = useCallback(async () => {
    // The page stands without it, as for whoever sees only the copy.
    const answer = await getJson(`/deposits/${depositId}/derivatives`, derivativesSchema).catch(() => undefined);
    setFound(answer);
  }, [depositId]);
  useEffect(() => {
    load();
  }, [load]);
  if (found === undefined) return null;
  const { derivatives, derivedFrom } = found;
  if (derivatives.length === 0 && derivedFrom === null && !mayLink) return null;
  return (
    <section className="card" aria-labelledby="derivatives-title">
      <h2 id="derivatives-title">{t(itemTexts.derivatives)}</h2>
      <p className="hint">{t(itemTexts.derivativesLead)}</p>
      {derivedFrom !== null && (
        <>
          <p>{t(itemTexts.derivedFrom)}</p>
          <Linked derivative={derivedFrom} other={derivedFrom.originalDepositId} words={itemTexts.theOriginal} />
        </>
      )}
      {derivatives.length === 0 && derivedFrom === null && <p>{t(itemTexts.noDerivatives)}</p>}
      {derivatives.map((derivative) => (
        <Linked
          key={derivative.depositId}
          derivative={derivative}
          other={derivative.depositId}
          words={itemTexts.theDerivative}
        />
      ))}
      {mayLink && derivedFrom === null && (
        <LinkDerivative
          depositId={depositId}
          taken={[depositId, ...derivatives.map((derivative) => derivative.depositId)]}
          onLinked={load}
        />
      )}
    </section>
  );
}

/** @param other the deposit at the other end of the link */
function Linked({ derivative, other, words }: { derivative: Derivative; other: string; words: Text }) {
  const t = useText();
  const [deposit, setDeposit] = useState<DepositDetail | undefined>();
  const { busy, error, run } = useAction();
  const { kind, method, linkedAt } = derivative;
  return (
    <article className="linked-deposit" data-linked={other}>
      <dl className="facts">
        <Row label={itemTexts.kind}>{t(derivativeKindTexts[kind])}</Row>
        <Row label={itemTexts.method}>
          <span className="pre-line wrap-anywhere">{method}</span>
        </Row>
        <Row label={itemTexts.linkedAt}>{beijingTime(linkedAt)}</Row>
        {deposit?.files.map(({ entry, name }) => (
          <Row key={entry.index} label={texts.sha256}>
            <bdi className="wrap-anywhere">{name.name}</bdi>
            <br />
            <DigestText hex={entry.digests.sha256} />
          </Row>
        ))}
      </dl>
      <div className="buttons">
        <Link to={`/deposits/${other}`}>{t(words)}</Link>
        {deposit === undefined && (
          <span className="no-print">
            <Button
              size="small"
              loading={busy}
              onClick={() => run(async () => setDeposit(await getJson(`/deposits/${other}`, detailSchema)))}
            >
              {t(itemTexts.showDigests)}
            </Button>
          </span>
        )}
      </div>
      {error !== undefined && <ProblemAlert title={texts.depositUnavailable} error={error} />}
    </article>
  );
}

interface LinkDerivativeProps {
  depositId: string;
  /** Deposits that cannot be chosen. */
  taken: readonly string[];
  onLinked: () => Promise<void>;
}

function LinkDerivative({ depositId, taken, onLinked }: LinkDerivativeProps) {
  const t = useText();
  const [isOpen, setIsOpen] = useState(false);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const button = useFocusAfter(isOpen);
  if (!isOpen) {
    return (
      <div className="buttons no-print">
        <Button ref={button} onClick={() => setIsOpen(true)}>
          {t(itemTexts.link)}
        </Button>
      </div>
    );
  }
  return (
    <div className="no-print">
      <p>
        {t(itemTexts.linkLead)} <Link to="/hand-in">{t(itemTexts.handInFirst)}</Link>
      </p>
      <EntryForm
        fields={FIELDS}
        label={itemTexts.link}
        submit={itemTexts.link}
        onCancel={() => setIsOpen(false)}
        send={async (said) => {
          await postJson(`/deposits/${depositId}/derivatives`, { ...said, depositId: chosen[0] }, z.unknown());
          await onLinked();
          setIsOpen(false);
          setChosen([]);
        }}
      >
        <DepositChooser
          legend={itemTexts.chooseDerivative}
          chosen={chosen}
          taken={new Set(taken)}
          takenBecause={itemTexts.notItself}
          onChange={setChosen}
        />
      </EntryForm>
    </div>
  );
}
