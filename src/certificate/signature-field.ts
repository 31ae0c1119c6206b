import type { Document } from './paper.ts';

/** Room for the CMS signature, in bytes: a chain of eight certificates and an authority's token with its own. */
export const SIGNATURE_BYTES = 20_480;

/** Holds the place of a number of up to ten digits. pdfkit writes a string as a name, with a slash. */
const NUMBER_ROOM = '**********';
/** As it stands in the unsigned file. */
export const BYTE_RANGE_ROOM = `[0 /${NUMBER_ROOM} /${NUMBER_ROOM} /${NUMBER_ROOM}]`;

/** What pdfkit has and its types leave out. */
interface Internals {
  _acroform: { fonts: object; defaultFont: string };
  _root: { data: Record<string, unknown> };
  ref(data: Record<string, unknown>): Reference;
  page: { dictionary: Reference; annotations: Reference[] };
  getStructTreeRoot(): { data: { K: Reference[] } & Record<string, unknown> };
  getStructParentTree(): { add(key: number, value: Reference): void };
  createStructParentTreeNextKey(): number;
}
interface Reference {
  data: Record<string, unknown>;
  end(content?: Buffer): void;
}

/**
 * An invisible signature field with room for a PAdES signature (ETSI EN 319 142-1) over the whole file. `signPdf` fills it.
 * Printed, with an empty appearance, and tied into the structure tree, as PDF/A and tagged PDF ask.
 * @param reason what the paper is, in both languages
 */
export function addSignatureField(pdf: Document, at: Date, reason: string): void {
  const document = pdf as unknown as Internals;
  const signature = document.ref({
    Type: 'Sig',
    Filter: 'Adobe.PPKLite',
    SubFilter: 'ETSI.CAdES.detached',
    ByteRange: [0, NUMBER_ROOM, NUMBER_ROOM, NUMBER_ROOM],
    Contents: Buffer.alloc(SIGNATURE_BYTES),
    Reason: new String(reason),
    Name: new String('Tiezheng'),
    M: at,
  });
  const appearance = document.ref({ Type: 'XObject', Subtype: 'Form', BBox: [0, 0, 0, 0], Resources: {} });
  appearance.end(Buffer.from(' '));
  const page = document.page.dictionary;
  const widget = document.ref({
    Type: 'Annot',
    Subtype: 'Widget',
    FT: 'Sig',
    // Print and locked: bits 3 and 8 of ISO 32000-1 table 165.
    F: 132,
    Rect: [0, 0, 0, 0],
    V: signature,
    T: new String('Signature1'),
    TU: new String('数字签名 digital signature'),
    P: page,
    AP: { N: appearance },
  });
  document.page.annotations.push(widget);
  // SigFlags: signatures exist, and the file is only ever appended to (table 219).
  document._root.data.AcroForm = document.ref({ Fields: [widget], SigFlags: 3, DR: { Font: {} } });
  // pdfkit writes the form out when the document ends, and for that wants to have opened the form itself.
  document._acroform = { fonts: {}, defaultFont: 'regular' };
  tieIntoStructure(document, widget, page);
  signature.end();
  widget.end();
}

function tieIntoStructure(document: Internals, widget: Reference, page: Reference): void {
  const root = document.getStructTreeRoot();
  const element = document.ref({
    Type: 'StructElem',
    S: 'Form',
    P: root,
    K: [{ Type: 'OBJR', Obj: widget, Pg: page }],
  });
  const key = document.createStructParentTreeNextKey();
  widget.data.StructParent = key;
  document.getStructParentTree().add(key, element);
  root.data.K.push(element);
  element.end();
}
