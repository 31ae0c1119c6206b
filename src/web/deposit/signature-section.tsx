import { useEffect, useState } from 'react';
import type { Check } from '../../format/report.ts';
import { checkRecord } from '../../verify/deposit.ts';
import { wordingOfCause } from '../../verify/wording.ts';
import type { DepositDetail } from '../api-answers.ts';
import { DigestText } from '../digest-text.tsx';
import { useText } from '../language.tsx';
import { Row } from '../report-parts.tsx';
import { StatusMark } from '../status-mark.tsx';
import { type Text, texts } from '../texts.ts';
import { itemTexts } from './item-texts.ts';

/** Whether the depositor signed, and what that shows; checked here as every reader of the certificate checks it. */
export function SignatureSection({ deposit }: { deposit: DepositDetail }) {
  const t = useText();
  const found = useSignature(deposit);
  return (
    <section
      className="card"
      aria-labelledby="signature-title"
      data-signature={found && (found.check?.status ?? 'absent')}
    >
      <h2 id="signature-title">{t(itemTexts.signature)}</h2>
      {found === undefined && <p>{t(texts.loading)}</p>}
      {found?.check === null && (
        <>
          <p>{t(itemTexts.notSigned)}</p>
          <p className="hint">{t(itemTexts.notSignedHint)}</p>
        </>
      )}
      {found?.check != null && <Signed check={found.check} facts={found.facts} />}
    </section>
  );
}

interface Found {
  /** What is to be said of it; null if there is none. */
  check: Check | null;
  /** What the signature itself tells. */
  facts: Check['facts'];
}

/** Undefined until it has been checked. */
function useSignature(deposit: DepositDetail): Found | undefined {
  const [found, setFound] = useState<Found | undefined>();
  useEffect(() => {
    let gone = false;
    signatureOf(deposit).then((answer) => {
      if (!gone) setFound(answer);
    });
    return () => {
      gone = true;
    };
  }, [deposit]);
  return found;
}

/** A signature is over commitments: it is over what the page shows only if that fits them. */
async function signatureOf({ record, files, annexes }: DepositDetail): Promise<Found> {
  if (record.annexes.signature === undefined && annexes.signature === undefined) {
    return { check: null, facts: {} };
  }
  const checks = await checkRecord(record, files, annexes);
  const signature = checks.find(({ name }) => name === 'annex.signature') as Check;
  return { check: checks.find(({ status }) => status === 'failed') ?? signature, facts: signature.facts };
}

const OUTCOMES: Record<Check['status'], Text> = {
  passed: itemTexts.signed,
  failed: itemTexts.signedWrongly,
  pending: itemTexts.signedUnchecked,
  'not-checked': itemTexts.signedUnchecked,
};

function Signed({ check, facts }: Found & { check: Check }) {
  const t = useText();
  const { key, origin, userVerified } = facts;
  const cause = wordingOfCause(check);
  return (
    <>
      <p>
        <StatusMark status={check.status} /> {t(OUTCOMES[check.status])}
        {cause !== undefined && <span className="hint"> {t(cause)}</span>}
      </p>
      {key !== undefined && (
        <dl className="facts">
          <Row label={itemTexts.signedKey}>
            <DigestText hex={key} />
          </Row>
          <Row label={itemTexts.signedOn}>
            <bdi>{origin}</bdi>
          </Row>
          <Row label={itemTexts.userVerified}>
            {t(userVerified === 'yes' ? itemTexts.userWasVerified : itemTexts.userWasNot)}
          </Row>
        </dl>
      )}
      <p className="hint">{t(itemTexts.keyOwner)}</p>
    </>
  );
}
