import { Button } from 'antd';
import { type ReactNode, useState } from 'react';
import { useText } from '../language.tsx';
import type { Text } from '../texts.ts';
import { useFocusAfter } from '../use-focus-after.ts';
import { DepositChooser } from './deposit-chooser.tsx';
import { type EntryField, EntryForm } from './entry-form.tsx';
import { matterTexts } from './matter-texts.ts';

interface LinkDepositProps {
  /** Names the button that opens the form, and the form. */
  label: Text;
  /** What it is linked to, where the page has several such buttons. */
  about?: string;
  /** Above the form. */
  lead?: ReactNode;
  submit?: Text;
  /** What is said of the link. */
  fields: readonly EntryField[];
  legend?: Text;
  /** Those that cannot be chosen, and why. */
  taken: ReadonlySet<string>;
  takenBecause?: Text;
  /** @param said with the `depositId` that was chosen */
  send: (said: Record<string, unknown>) => Promise<void>;
}

/** A button that opens a form, in which one of one's deposits is chosen and said what it is here. */
export function LinkDeposit({
  label,
  about,
  lead,
  submit = label,
  fields,
  legend = matterTexts.chooseDeposit,
  taken,
  takenBecause = matterTexts.alreadyHere,
  send,
}: LinkDepositProps) {
  const t = useText();
  const [isOpen, setIsOpen] = useState(false);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const button = useFocusAfter(isOpen);
  if (!isOpen) {
    return (
      <div className="buttons no-print">
        <Button
          ref={button}
          size={about === undefined ? 'middle' : 'small'}
          aria-label={about === undefined ? undefined : `${t(label)} ${about}`}
          onClick={() => setIsOpen(true)}
        >
          {t(label)}
        </Button>
      </div>
    );
  }
  return (
    <div className="no-print">
      {lead}
      <EntryForm
        fields={fields}
        label={label}
        submit={submit}
        missing={chosen.length === 0 ? matterTexts.depositMissing : undefined}
        onCancel={() => setIsOpen(false)}
        send={async (said) => {
          await send({ ...said, depositId: chosen[0] });
          setIsOpen(false);
          setChosen([]);
        }}
      >
        <DepositChooser
          legend={legend}
          chosen={chosen}
          taken={taken}
          takenBecause={takenBecause}
          onChange={setChosen}
        />
      </EntryForm>
    </div>
  );
}
