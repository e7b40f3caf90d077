"""XML signatures as the V2G schemas import them (W3C XML-Signature Syntax and Processing, 2002).

V2G peers send SignedInfo and SignatureValue only; the rest is here because the standard's schema allows it, and
because its alternatives widen the event codes. Where the schema allows elements of any name, none are carried.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from protocols.exi.schema import (
    ATTRIBUTE,
    CONTENT,
    ID,
    UNBOUNDED,
    Alternatives,
    Anything,
    AnyURI,
    Base64Binary,
    Element,
    Integer,
    Name,
    Occurs,
    Particle,
    Repeat,
    Sequence,
    String,
)

ANY_NUMBER_OF_ANYTHING = Repeat(Anything(), 0, UNBOUNDED)


class SignatureType(Element):
    """The signature in a message header."""

    Id: Annotated[ID | None, ATTRIBUTE] = None
    SignedInfo: SignedInfoType
    SignatureValue: SignatureValueType
    KeyInfo: KeyInfoType | None = None
    Object: Annotated[list[ObjectType], Occurs(0, UNBOUNDED)] = msgspec.field(default_factory=list)


class SignatureValueType(Element):
    """The signature's bytes."""

    Id: Annotated[ID | None, ATTRIBUTE] = None
    value: Annotated[Base64Binary, CONTENT]


class SignedInfoType(Element):
    """What is signed: the digests of the referenced elements."""

    Id: Annotated[ID | None, ATTRIBUTE] = None
    CanonicalizationMethod: CanonicalizationMethodType
    SignatureMethod: SignatureMethodType
    Reference: Annotated[list[ReferenceType], Occurs(1, UNBOUNDED)]


class CanonicalizationMethodType(Element):
    """How the signed element was made into bytes (in V2G: canonical EXI)."""

    mixed: ClassVar[bool] = True
    content: ClassVar[Particle | None] = ANY_NUMBER_OF_ANYTHING

    Algorithm: Annotated[AnyURI, ATTRIBUTE]


class SignatureMethodType(Element):
    """The signature algorithm."""

    mixed: ClassVar[bool] = True
    content: ClassVar[Particle | None] = Sequence((Repeat(Name("HMACOutputLength"), 0, 1), ANY_NUMBER_OF_ANYTHING))

    Algorithm: Annotated[AnyURI, ATTRIBUTE]
    HMACOutputLength: Integer | None = None


class ReferenceType(Element):
    """A referenced element and its digest."""

    Id: Annotated[ID | None, ATTRIBUTE] = None
    URI: Annotated[AnyURI | None, ATTRIBUTE] = None
    Type: Annotated[AnyURI | None, ATTRIBUTE] = None
    Transforms: TransformsType | None = None
    DigestMethod: DigestMethodType
    DigestValue: Base64Binary


class TransformsType(Element):
    """What was done to the referenced element before its digest."""

    Transform: Annotated[list[TransformType], Occurs(1, UNBOUNDED)]


class TransformType(Element):
    """One transform."""

    mixed: ClassVar[bool] = True
    content: ClassVar[Particle | None] = Repeat(Alternatives((Anything(), Name("XPath"))), 0, UNBOUNDED)

    Algorithm: Annotated[AnyURI, ATTRIBUTE]
    XPath: Annotated[list[String], Occurs(0, UNBOUNDED)] = msgspec.field(default_factory=list)


class DigestMethodType(Element):
    """The digest algorithm."""

    mixed: ClassVar[bool] = True
    content: ClassVar[Particle | None] = ANY_NUMBER_OF_ANYTHING

    Algorithm: Annotated[AnyURI, ATTRIBUTE]


class KeyInfoType(Element):
    """The signer's key, in one or several forms."""

    mixed: ClassVar[bool] = True
    content: ClassVar[Particle | None] = Repeat(
        Alternatives(
            (
                Name("KeyName"),
                Name("KeyValue"),
                Name("RetrievalMethod"),
                Name("X509Data"),
                Name("PGPData"),
                Name("SPKIData"),
                Name("MgmtData"),
                Anything(),
            )
        ),
        1,
        UNBOUNDED,
    )

    Id: Annotated[ID | None, ATTRIBUTE] = None
    KeyName: Annotated[list[String], Occurs(0, UNBOUNDED)] = msgspec.field(default_factory=list)
    KeyValue: Annotated[list[KeyValueType], Occurs(0, UNBOUNDED)] = msgspec.field(default_factory=list)
    RetrievalMethod: Annotated[list[RetrievalMethodType], Occurs(0, UNBOUNDED)] = msgspec.field(default_factory=list)
    X509Data: Annotated[list[X509DataType], Occurs(0, UNBOUNDED)] = msgspec.field(default_factory=list)
    PGPData: Annotated[list[PGPDataType], Occurs(0, UNBOUNDED)] = msgspec.field(default_factory=list)
    SPKIData: Annotated[list[SPKIDataType], Occurs(0, UNBOUNDED)] = msgspec.field(default_factory=list)
    MgmtData: Annotated[list[String], Occurs(0, UNBOUNDED)] = msgspec.field(default_factory=list)


class KeyValueType(Element):
    """A public key."""

    mixed: ClassVar[bool] = True
    content: ClassVar[Particle | None] = Alternatives((Name("DSAKeyValue"), Name("RSAKeyValue"), Anything()))

    DSAKeyValue: DSAKeyValueType | None = None
    RSAKeyValue: RSAKeyValueType | None = None


class RetrievalMethodType(Element):
    """Where the key can be fetched."""

    URI: Annotated[AnyURI | None, ATTRIBUTE] = None
    Type: Annotated[AnyURI | None, ATTRIBUTE] = None
    Transforms: TransformsType | None = None


class X509DataType(Element):
    """Certificates, or what identifies them."""

    content: ClassVar[Particle | None] = Repeat(
        Alternatives(
            (
                Name("X509IssuerSerial"),
                Name("X509SKI"),
                Name("X509SubjectName"),
                Name("X509Certificate"),
                Name("X509CRL"),
                Anything(),
            )
        ),
        1,
        UNBOUNDED,
    )

    X509IssuerSerial: Annotated[list[X509IssuerSerialType], Occurs(0, UNBOUNDED)] = msgspec.field(default_factory=list)
    X509SKI: Annotated[list[Base64Binary], Occurs(0, UNBOUNDED)] = msgspec.field(default_factory=list)
    X509SubjectName: Annotated[list[String], Occurs(0, UNBOUNDED)] = msgspec.field(default_factory=list)
    X509Certificate: Annotated[list[Base64Binary], Occurs(0, UNBOUNDED)] = msgspec.field(default_factory=list)
    X509CRL: Annotated[list[Base64Binary], Occurs(0, UNBOUNDED)] = msgspec.field(default_factory=list)


class X509IssuerSerialType(Element):
    """A certificate by its issuer and serial number."""

    X509IssuerName: String
    X509SerialNumber: Integer


class PGPDataType(Element):
    """A PGP key by its identity, its packet, or both."""

    content: ClassVar[Particle | None] = Alternatives(
        (
            Sequence((Name("PGPKeyID"), Repeat(Name("PGPKeyPacket"), 0, 1), ANY_NUMBER_OF_ANYTHING)),
            Sequence((Name("PGPKeyPacket"), ANY_NUMBER_OF_ANYTHING)),
        )
    )

    PGPKeyID: Base64Binary | None = None
    PGPKeyPacket: Base64Binary | None = None


class SPKIDataType(Element):
    """SPKI certificates and keys."""

    content: ClassVar[Particle | None] = Repeat(Sequence((Name("SPKISexp"), Repeat(Anything(), 0, 1))), 1, UNBOUNDED)

    SPKISexp: Annotated[list[Base64Binary], Occurs(1, UNBOUNDED)]


class ObjectType(Element):
    """Any other signed object; its content is not carried."""

    mixed: ClassVar[bool] = True
    content: ClassVar[Particle | None] = ANY_NUMBER_OF_ANYTHING

    Id: Annotated[ID | None, ATTRIBUTE] = None
    MimeType: Annotated[String | None, ATTRIBUTE] = None
    Encoding: Annotated[AnyURI | None, ATTRIBUTE] = None


class ManifestType(Element):
    """A list of references."""

    Id: Annotated[ID | None, ATTRIBUTE] = None
    Reference: Annotated[list[ReferenceType], Occurs(1, UNBOUNDED)]


class SignaturePropertiesType(Element):
    """Properties of a signature."""

    Id: Annotated[ID | None, ATTRIBUTE] = None
    SignatureProperty: Annotated[list[SignaturePropertyType], Occurs(1, UNBOUNDED)]


class SignaturePropertyType(Element):
    """A property of the signature `Target`; its content, always foreign, is not carried."""

    mixed: ClassVar[bool] = True
    content: ClassVar[Particle | None] = Repeat(Anything(), 1, UNBOUNDED)

    Target: Annotated[AnyURI, ATTRIBUTE]
    Id: Annotated[ID | None, ATTRIBUTE] = None


class DSAKeyValueType(Element):
    """A DSA public key; P with Q, and Seed with PgenCounter, come in pairs."""

    content: ClassVar[Particle | None] = Sequence(
        (
            Repeat(Sequence((Name("P"), Name("Q"))), 0, 1),
            Repeat(Name("G"), 0, 1),
            Name("Y"),
            Repeat(Name("J"), 0, 1),
            Repeat(Sequence((Name("Seed"), Name("PgenCounter"))), 0, 1),
        )
    )

    P: Base64Binary | None = None
    Q: Base64Binary | None = None
    G: Base64Binary | None = None
    Y: Base64Binary
    J: Base64Binary | None = None
    Seed: Base64Binary | None = None
    PgenCounter: Base64Binary | None = None


class RSAKeyValueType(Element):
    """An RSA public key."""

    Modulus: Base64Binary
    Exponent: Base64Binary
