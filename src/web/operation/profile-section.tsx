import { Button } from 'antd';
import { useEffect, useId, useState } from 'react';
import { encodeHex, sha256 } from '../../format/bytes.ts';
import { Part, Said, Unfolded } from '../account/account-parts.tsx';
import { getJson, sendJson } from '../api-client.ts';
import { DigestText } from '../digest-text.tsx';
import { useText } from '../language.tsx';
import { logTexts } from '../log/log-texts.ts';
import { beijingSecond } from '../measures.ts';
import { Row } from '../report-parts.tsx';
import { ActionForm, Refusal } from '../sign-in/sign-in-parts.tsx';
import { useStepUp } from '../sign-in/step-up.tsx';
import { type Text, texts } from '../texts.ts';
import { useAction } from '../use-action.ts';
import {
  type PlatformRecord,
  type ProfileVersion,
  profileVersionsSchema,
  type Qualification,
} from './operation-answers.ts';
import { operationTexts, PRINTED_FIELDS, PROFILE_FIELDS, profileFieldTexts } from './operation-texts.ts';

/** Who runs the service: the version in force, those before, and a form for the next. */
export function ProfileSection({ mayOperate }: { mayOperate: boolean }) {
  const t = useText();
  const { error, run } = useAction();
  const [versions, setVersions] = useState<readonly ProfileVersion[] | undefined>();
  const [said, setSaid] = useState<Text | undefined>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: once
  useEffect(() => {
    run(async () => setVersions((await getJson('/platform/profile', profileVersionsSchema)).versions));
  }, []);
  const [newest, ...earlier] = versions ?? [];
  return (
    <>
      <p>{t(operationTexts.profileLead)}</p>
      <Refusal title={operationTexts.unavailable} error={error} />
      {versions === undefined && error === undefined && <p role="status">{t(texts.loading)}</p>}
      <Said text={said} />
      {newest !== undefined && (
        <Part title={operationTexts.inForce}>
          <Version version={newest} />
          {mayOperate && (
            <Unfolded button={operationTexts.newVersion}>
              {(fold) => (
                <VersionForm
                  key={newest.version}
                  from={newest.record}
                  onMade={(made) => {
                    fold();
                    setVersions(made);
                    setSaid(operationTexts.saved);
                  }}
                />
              )}
            </Unfolded>
          )}
        </Part>
      )}
      {earlier.length > 0 && (
        <Part title={operationTexts.earlierVersions}>
          {earlier.map((version) => (
            <details key={version.version}>
              <summary>
                {t(operationTexts.version)} {version.version} · {periodOf(version, t)}
              </summary>
              <Version version={version} />
            </details>
          ))}
        </Part>
      )}
    </>
  );
}

function periodOf({ inForceFrom, inForceUntil }: ProfileVersion, t: (text: Text) => string): string {
  const until = inForceUntil === null ? t(operationTexts.stillInForce) : beijingSecond(inForceUntil);
  return `${beijingSecond(inForceFrom)} – ${until}`;
}

function Version({ version }: { version: ProfileVersion }) {
  const t = useText();
  const { record, source, certificates, printedDigest } = version;
  return (
    <>
      <dl className="facts">
        <Row label={operationTexts.version}>
          <strong>{version.version}</strong> · {periodOf(version, t)}
        </Row>
        <Row label={operationTexts.source}>
          {t(source === 'settings' ? operationTexts.fromSettings : operationTexts.fromOperator)}
        </Row>
        <Row label={operationTexts.certificates}>{certificates}</Row>
        {PROFILE_FIELDS.map((field) => (
          <Row key={field} label={profileFieldTexts[field]}>
            <span className="wrap-anywhere">{record[field] ?? t(texts.notProvided)}</span>
            {PRINTED_FIELDS.includes(field) && <span className="tag">{t(operationTexts.printed)}</span>}
          </Row>
        ))}
        <Row label={logTexts.profileDigest}>
          <DigestText hex={printedDigest} />
        </Row>
      </dl>
      <h3>{t(operationTexts.qualifications)}</h3>
      {record.qualifications.length === 0 && <p>{t(operationTexts.noQualifications)}</p>}
      <ul className="rows">
        {record.qualifications.map(({ title, number, issuer, validUntil, sha256 }) => (
          <li key={`${title} ${number} ${sha256}`}>
            <strong>{title}</strong>{' '}
            <span className="hint">
              {[number, issuer, validUntil === null ? null : `${t(operationTexts.qualificationUntil)} ${validUntil}`]
                .filter((each) => each !== null)
                .join(' · ')}
            </span>
            {sha256 !== null && (
              <div>
                <DigestText hex={sha256} />
              </div>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

function VersionForm({ from, onMade }: { from: PlatformRecord; onMade: (versions: ProfileVersion[]) => void }) {
  const t = useText();
  const guarded = useStepUp();
  const id = useId();
  const [fields, setFields] = useState(() => Object.fromEntries(PROFILE_FIELDS.map((f) => [f, from[f] ?? ''])));
  const [qualifications, setQualifications] = useState<readonly Qualification[]>(from.qualifications);
  return (
    <>
      <p>{t(operationTexts.newVersionLead)}</p>
      <ActionForm
        button={operationTexts.addVersion}
        failed={operationTexts.notDone}
        onSubmit={async () => {
          const record = {
            ...Object.fromEntries(PROFILE_FIELDS.map((field) => [field, orNull(fields[field] ?? '')])),
            qualifications,
          };
          onMade((await guarded(() => sendJson('POST', '/platform/profile', record, profileVersionsSchema))).versions);
        }}
      >
        <div className="fields">
          {PROFILE_FIELDS.map((field) => (
            <div key={field} className={field === 'interests' ? 'wide' : undefined}>
              <label htmlFor={`${id}-${field}`}>
                {t(profileFieldTexts[field])}{' '}
                <span className="hint">
                  {t(PRINTED_FIELDS.includes(field) ? operationTexts.printed : operationTexts.notPrinted)}
                </span>
              </label>
              <input
                id={`${id}-${field}`}
                className="native-field"
                required={field === 'name'}
                maxLength={field === 'interests' ? 1000 : LONGEST[field]}
                value={fields[field] ?? ''}
                onChange={({ target }) => setFields({ ...fields, [field]: target.value })}
              />
            </div>
          ))}
        </div>
        <h3>{t(operationTexts.qualifications)}</h3>
        {qualifications.map((qualification, i) => (
          <QualificationFields
            // biome-ignore lint/suspicious/noArrayIndexKey: they have no other name while they are written
            key={i}
            no={i + 1}
            qualification={qualification}
            onChange={(changed) => setQualifications(qualifications.map((each, k) => (k === i ? changed : each)))}
            onRemove={() => setQualifications(qualifications.filter((_, k) => k !== i))}
          />
        ))}
        <div className="buttons">
          <Button
            disabled={qualifications.length >= MOST_QUALIFICATIONS}
            onClick={() => setQualifications([...qualifications, NEW_QUALIFICATION])}
          >
            {t(operationTexts.addQualification)}
          </Button>
        </div>
      </ActionForm>
    </>
  );
}

const MOST_QUALIFICATIONS = 30;
const LONGEST: Readonly<Record<string, number>> = {
  ...{ name: 200, operator: 200, website: 300, filingNo: 100, registrationNo: 100, icpNo: 100 },
  ...{ securityGrade: 200, address: 300, contact: 300 },
};
const NEW_QUALIFICATION: Qualification = { title: '', number: null, issuer: null, validUntil: null, sha256: null };

interface QualificationFieldsProps {
  no: number;
  qualification: Qualification;
  onChange: (changed: Qualification) => void;
  onRemove: () => void;
}

function QualificationFields({ no, qualification, onChange, onRemove }: QualificationFieldsProps) {
  const t = useText();
  const id = useId();
  const { busy, error, run } = useAction();
  const field = (name: keyof Qualification, label: Text, type: 'text' | 'date', maxLength: number) => (
    <div>
      <label htmlFor={`${id}-${name}`}>{t(label)}</label>
      <input
        id={`${id}-${name}`}
        className="native-field"
        type={type}
        required={name === 'title'}
        maxLength={maxLength}
        value={qualification[name] ?? ''}
        onChange={({ target }) =>
          onChange({ ...qualification, [name]: name === 'title' ? target.value : orNull(target.value) })
        }
      />
    </div>
  );
  return (
    <fieldset className="ticks">
      <legend>
        {t(operationTexts.qualifications)} {no}
      </legend>
      <div className="fields">
        {field('title', operationTexts.qualificationTitle, 'text', 200)}
        {field('number', operationTexts.qualificationNumber, 'text', 100)}
        {field('issuer', operationTexts.qualificationIssuer, 'text', 200)}
        {field('validUntil', operationTexts.qualificationUntil, 'date', 10)}
        {field('sha256', operationTexts.qualificationDigest, 'text', 64)}
        <div>
          <label htmlFor={`${id}-file`}>{t(operationTexts.qualificationFile)}</label>
          <input
            id={`${id}-file`}
            type="file"
            disabled={busy}
            onChange={({ target }) => {
              const file = target.files?.[0];
              if (file !== undefined) run(async () => onChange({ ...qualification, sha256: await digestOf(file) }));
            }}
          />
        </div>
      </div>
      <Refusal title={operationTexts.notDone} error={error} />
      <Button onClick={onRemove} aria-label={`${t(operationTexts.removeQualification)} ${no}`}>
        {t(operationTexts.removeQualification)}
      </Button>
    </fieldset>
  );
}

/** Papers are small; larger files belong to the pages that read in parts. */
async function digestOf(file: File): Promise<string> {
  return encodeHex(sha256(new Uint8Array(await file.arrayBuffer())));
}

function orNull(value: string): string | null {
  const trimmed = value.trim();
  return trimmed === '' ? null : trimmed;
}
