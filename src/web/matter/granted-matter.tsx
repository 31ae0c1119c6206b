import { useEffect, useState } from 'react';
import { CodedError } from '../../errors.ts';
import { getJson } from '../api-client.ts';
import { DigestText } from '../digest-text.tsx';
import { useText } from '../language.tsx';
import { beijingTime } from '../measures.ts';
import { ProblemAlert } from '../problem-alert.tsx';
import { Row } from '../report-parts.tsx';
import { Link } from '../route.tsx';
import { texts } from '../texts.ts';
import { CompareItems } from './compare-items.tsx';
import { IndexLinks } from './index-section.tsx';
import {
  type EvidenceIndex,
  type IndexEntry,
  indexSchema,
  type Matter,
  PARTY_ROLES,
  type Proof,
} from './matter-answers.ts';
import { allRows, type MatterParts } from './matter-client.ts';
import { HeadFacts } from './matter-head.tsx';
import { MatterSection } from './matter-section.tsx';
import {
  derivativeKindTexts,
  formTexts,
  matterTexts,
  proofKindTexts,
  relationTexts,
  roleMeanings,
  roleTexts,
} from './matter-texts.ts';
import { PartyFacts } from './parties-section.tsx';
import { RightFacts } from './rights-section.tsx';

type Shown = Pick<MatterParts, 'parties' | 'rights' | 'proofs'> & { index: EvidenceIndex };

/** A matter of another's, as far as it is disclosed; nothing here changes anything. */
export function GrantedMatter({ matter }: { matter: Matter }) {
  const t = useText();
  const { matterId } = matter;
  const { found, error } = useShown(matterId);
  return (
    <>
      <p className="hint">
        <strong>{t(matterTexts.readOnly)}</strong>: {t(matterTexts.readOnlyLead)}
      </p>
      <MatterSection id="about" title={matterTexts.about}>
        <HeadFacts matter={matter} />
      </MatterSection>
      {error !== undefined && <ProblemAlert title={matterTexts.unavailable} error={error} />}
      {found === undefined && error === undefined && <p role="status">{t(texts.loading)}</p>}
      {found !== undefined && (
        <>
          <MatterSection id="parties" title={matterTexts.parties}>
            {PARTY_ROLES.map((role) => {
              const parties = found.parties.filter((party) => party.role === role);
              return (
                <div key={role} data-role={role}>
                  <h3>{t(roleTexts[role])}</h3>
                  <p className="hint">{t(roleMeanings[role])}</p>
                  {parties.length === 0 && <p>{t(matterTexts.notSaid)}</p>}
                  {parties.map((party) => (
                    <PartyFacts key={party.partyId} party={party} />
                  ))}
                </div>
              );
            })}
          </MatterSection>
          <MatterSection id="rights" title={matterTexts.rights} count={found.rights.length}>
            {found.rights.length === 0 && <p>{t(matterTexts.notSaid)}</p>}
            {found.rights.map((right) => (
              <div key={right.rightId}>
                <RightFacts right={right} parties={found.parties} />
                <ShownProofs proofs={found.proofs.filter((proof) => proof.rightId === right.rightId)} />
              </div>
            ))}
          </MatterSection>
          <MatterSection id="items" title={matterTexts.items} count={found.index.entries.length}>
            <IndexEntries index={found.index} />
            <h3>{t(matterTexts.index)}</h3>
            <IndexLinks matterId={matterId} />
          </MatterSection>
          <CompareItems
            items={found.index.entries.map(({ depositId, no, name }) => ({
              depositId,
              name: `${no}. ${name ?? t(matterTexts.untitled)}`,
            }))}
          />
        </>
      )}
    </>
  );
}

function ShownProofs({ proofs }: { proofs: readonly Proof[] }) {
  const t = useText();
  return (
    <div className="within">
      <h4>{t(matterTexts.proofs)}</h4>
      {proofs.length === 0 && <p className="hint">{t(matterTexts.noneYet)}</p>}
      <ul>
        {proofs.map(({ proofId, kind, depositId, remark }) => (
          <li key={proofId} className="wrap-anywhere">
            <Link to={`/deposits/${depositId}`}>{t(proofKindTexts[kind])}</Link>
            {remark !== null && <span className="hint"> {remark}</span>}
          </li>
        ))}
      </ul>
    </div>
  );
}

function useShown(matterId: string): { found?: Shown; error?: CodedError } {
  const [state, setState] = useState<{ found?: Shown; error?: CodedError }>({});
  useEffect(() => {
    let gone = false;
    setState({});
    const load = async () => {
      const [parties, rights, proofs, index] = await Promise.all([
        allRows(matterId, 'parties'),
        allRows(matterId, 'rights'),
        allRows(matterId, 'proofs'),
        getJson(`/matters/${matterId}/index.json`, indexSchema),
      ]);
      if (!gone) setState({ found: { parties, rights, proofs, index } });
    };
    load().catch((failure: unknown) => {
      const error = failure instanceof CodedError ? failure : new CodedError('internal', String(failure));
      if (!gone) setState({ error });
    });
    return () => {
      gone = true;
    };
  }, [matterId]);
  return state;
}

/** The evidence index as a reader of the matter has it. */
export function IndexEntries({ index }: { index: EvidenceIndex }) {
  const t = useText();
  return (
    <>
      <p className="hint">
        {t(matterTexts.indexAsOf)}: {beijingTime(index.madeAt)}
      </p>
      {index.entries.length === 0 && <p>{t(matterTexts.noneDisclosed)}</p>}
      <ol className="entries">
        {index.entries.map((entry) => (
          <Entry key={entry.no} entry={entry} />
        ))}
      </ol>
    </>
  );
}

function Entry({ entry }: { entry: IndexEntry }) {
  const t = useText();
  const { derivedFrom } = entry;
  return (
    <li className="entry" data-no={entry.no}>
      <h3 className="wrap-anywhere">
        {entry.no}. <Link to={`/deposits/${entry.depositId}`}>{entry.name ?? t(matterTexts.untitled)}</Link>
      </h3>
      <dl className="facts">
        {derivedFrom !== null && (
          <Row label={matterTexts.derivativeKind}>
            {t(derivativeKindTexts[derivedFrom.kind])}: {derivedFrom.method}
          </Row>
        )}
        <Row label={matterTexts.issue}>{entry.issue ?? t(matterTexts.notSaid)}</Row>
        <Row label={matterTexts.source}>
          <span className="pre-line">{entry.source ?? t(matterTexts.notSaid)}</span>
        </Row>
        <Row label={matterTexts.proofPurpose}>
          <span className="pre-line">{entry.proofPurpose ?? t(matterTexts.notSaid)}</span>
        </Row>
        <Row label={matterTexts.form}>
          {t(formTexts[entry.form])}
          {entry.pages !== null && ` · ${t(matterTexts.pages)} ${entry.pages}`}
        </Row>
        <Row label={matterTexts.receivedAt}>{beijingTime(entry.receivedAt)}</Row>
        <Row label={matterTexts.certificateNo}>{entry.certificateNo ?? t(matterTexts.noCertificate)}</Row>
        {entry.relations.length > 0 && (
          <Row label={matterTexts.relation}>
            {entry.relations.map((relation) => (
              <span key={`${relation.kind} ${relation.no}`} className="wrap-anywhere relation-line">
                {t(relationTexts[relation.kind])} {relation.no}
                {relation.remark !== null && `: ${relation.remark}`}
              </span>
            ))}
          </Row>
        )}
      </dl>
      <details>
        <summary>
          {t(matterTexts.files)} ({entry.files.length})
        </summary>
        <ul>
          {entry.files.map((file) => (
            <li key={`${file.name} ${file.sha256}`} className="wrap-anywhere">
              <bdi>{file.name}</bdi>
              {file.digestSource === 'declared' && <span className="hint"> {t(matterTexts.declared)}</span>}
              <div className="hint">
                {t(texts.sha256)}: <DigestText hex={file.sha256} />
              </div>
            </li>
          ))}
        </ul>
      </details>
    </li>
  );
}
