import { Button } from 'antd';
import { useCallback, useEffect, useState } from 'react';
import * as z from 'zod';
import { type DepositDetail, detailSchema } from '../api-answers.ts';
import { getJson, postJson } from '../api-client.ts';
import { DigestText } from '../digest-text.tsx';
import { useText } from '../language.tsx';
import { choicesOf, type EntryField } from '../matter/entry-form.tsx';
import { LinkDeposit } from '../matter/link-deposit.tsx';
import { DERIVATIVE_KINDS } from '../matter/matter-answers.ts';
import { derivativeKindTexts } from '../matter/matter-texts.ts';
import { beijingTime } from '../measures.ts';
import { ProblemAlert } from '../problem-alert.tsx';
import { Row } from '../report-parts.tsx';
import { Link } from '../route.tsx';
import { type Text, texts } from '../texts.ts';
import { useAction } from '../use-action.ts';
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
        <LinkDeposit
          label={itemTexts.link}
          lead={
            <p>
              {t(itemTexts.linkLead)} <Link to="/hand-in">{t(itemTexts.handInFirst)}</Link>
            </p>
          }
          fields={FIELDS}
          legend={itemTexts.chooseDerivative}
          taken={new Set([depositId, ...derivatives.map((derivative) => derivative.depositId)])}
          takenBecause={itemTexts.notItself}
          send={async (said) => {
            await postJson(`/deposits/${depositId}/derivatives`, said, z.unknown());
            await load();
          }}
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
          <span className="pre-line">{method}</span>
        </Row>
        <Row label={itemTexts.linkedAt}>{beijingTime(linkedAt)}</Row>
        {deposit?.files.map(({ entry, name }) => (
          <Row key={entry.index} label={texts.sha256}>
            <bdi>{name.name}</bdi>
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
