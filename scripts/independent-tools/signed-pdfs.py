"""Makes the signed PDFs of test/verify/vectors/signed-pdf with pyHanko, which knows nothing of this project.

Usage: python3 -m venv V && V/bin/pip install pyhanko && V/bin/python scripts/independent-tools/signed-pdfs.py FOLDER
Keys are made anew each time; root.der is the certificate that the signers lead to, tsa-root.der that of the timestamps.
"""
import datetime
import io
import sys
from pathlib import Path

from asn1crypto import keys, x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter
from pyhanko.sign import fields, signers, timestamps
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

BEGIN = datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc)
END = datetime.datetime(2044, 1, 1, tzinfo=datetime.timezone.utc)


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(subject, key, issuer, issuer_key, ca=False, purpose=None):
    usage = x509.KeyUsage(not ca, not ca and purpose is None, False, False, False, ca, ca, False, False)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(BEGIN)
        .not_valid_after(END)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(usage, critical=True)
    )
    if purpose is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
    return builder.sign(issuer_key, hashes.SHA256())


def asn1_cert(cert):
    return asn1_x509.Certificate.load(cert.public_bytes(serialization.Encoding.DER))


def asn1_key(key):
    return keys.PrivateKeyInfo.load(
        key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


def store(*certs):
    found = SimpleCertificateStore()
    for cert in certs:
        found.register(asn1_cert(cert))
    return found


def page(text):
    writer = PdfFileWriter(stream_xrefs=False)
    content = generic.StreamObject(stream_data=f"BT /F1 24 Tf 72 700 Td ({text}) Tj ET".encode())
    content_ref = writer.add_object(content)
    font = generic.DictionaryObject(
        {
            generic.pdf_name("/Type"): generic.pdf_name("/Font"),
            generic.pdf_name("/Subtype"): generic.pdf_name("/Type1"),
            generic.pdf_name("/BaseFont"): generic.pdf_name("/Helvetica"),
        }
    )
    resources = generic.DictionaryObject(
        {generic.pdf_name("/Font"): generic.DictionaryObject({generic.pdf_name("/F1"): font})}
    )
    writer.insert_page(PageObject(contents=content_ref, media_box=(0, 0, 595, 842), resources=resources))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    root_key = ec.generate_private_key(ec.SECP384R1())
    root = certificate("Office Root", root_key, "Office Root", root_key, ca=True)
    alice_key = rsa.generate_private_key(65537, 2048)
    alice = certificate("Alice Notary", alice_key, "Office Root", root_key)
    bob_key = ec.generate_private_key(ec.SECP256R1())
    bob = certificate("Bob Counsel", bob_key, "Office Root", root_key)
    tsa_root_key = ec.generate_private_key(ec.SECP256R1())
    tsa_root = certificate("Clock Root", tsa_root_key, "Clock Root", tsa_root_key, ca=True)
    tsa_key = rsa.generate_private_key(65537, 2048)  # the stand-in clock of pyHanko knows RSA only
    tsa = certificate(
        "Clock", tsa_key, "Clock Root", tsa_root_key, purpose=ExtendedKeyUsageOID.TIME_STAMPING
    )
    signer_a = signers.SimpleSigner(asn1_cert(alice), asn1_key(alice_key), store(root, alice))
    signer_pss = signers.SimpleSigner(
        asn1_cert(alice), asn1_key(alice_key), store(root, alice), prefer_pss=True
    )
    signer_b = signers.SimpleSigner(asn1_cert(bob), asn1_key(bob_key), store(root, bob))
    clock = timestamps.DummyTimeStamper(
        asn1_cert(tsa), asn1_key(tsa_key), certs_to_embed=store(tsa_root, tsa),
        fixed_dt=datetime.datetime(2025, 6, 1, 12, 0, 0, tzinfo=datetime.timezone.utc),
    )
    pades = fields.SigSeedSubFilter.PADES
    adobe = fields.SigSeedSubFilter.ADOBE_PKCS7_DETACHED

    def sign(pdf, field, signer, subfilter=pades, timestamper=None, md="sha256", **more):
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        meta = signers.PdfSignatureMetadata(
            field_name=field, md_algorithm=md, subfilter=subfilter, reason="Checked (sealed)",
            location="北京", **more,
        )
        out = io.BytesIO()
        signers.sign_pdf(writer, meta, signer=signer, timestamper=timestamper, output=out)
        return out.getvalue()

    trust = lambda: ValidationContext(trust_roots=[asn1_cert(root), asn1_cert(tsa_root)], allow_fetching=False)
    plain = page("A contract of others")
    one = sign(plain, "First", signer_a)
    files = {
        "pades": one,
        "adobe-sha512": sign(plain, "First", signer_b, adobe, md="sha512"),
        "rsa-pss": sign(plain, "First", signer_pss),
        "timestamped": sign(plain, "First", signer_b, timestamper=clock),
        "two-signatures": sign(one, "Second", signer_b, adobe),
    }
    try:
        files["validation-data"] = sign(
            plain, "First", signer_a, timestamper=clock, embed_validation_info=True, validation_context=trust()
        )
        files["document-timestamp"] = sign(
            plain, "First", signer_a, timestamper=clock, embed_validation_info=True,
            validation_context=trust(), use_pades_lta=True,
        )
    except Exception as error:  # pyHanko asks for revocation data that home-made roots do not have
        print(f"without validation data: {error}", file=sys.stderr)
    update = IncrementalPdfFileWriter(io.BytesIO(one))
    first_page = update.root["/Pages"]["/Kids"][0]
    first_page[generic.pdf_name("/Rotate")] = generic.NumberObject(180)
    update.update_container(first_page)
    out = io.BytesIO()
    update.write(out)
    files["changed-after-signing"] = out.getvalue()
    for label, pdf in files.items():
        (folder / f"{label}.pdf").write_bytes(pdf)
    (folder / "root.der").write_bytes(root.public_bytes(serialization.Encoding.DER))
    (folder / "tsa-root.der").write_bytes(tsa_root.public_bytes(serialization.Encoding.DER))


main(Path(sys.argv[1]))
