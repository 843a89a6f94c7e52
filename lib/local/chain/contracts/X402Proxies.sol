// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

// Stand-ins on the local chain for the contracts that x402 settles Permit2 payments by. They are written from the interface that the
// specification and the published ABI state, and are not the code that runs on public chains:
// https://github.com/x402-foundation/x402/blob/main/specs/schemes/exact/scheme_exact_evm.md
// https://github.com/x402-foundation/x402/blob/main/specs/schemes/upto/scheme_upto_evm.md

struct TokenPermissions {
    address token;
    uint256 amount;
}

struct Permit {
    TokenPermissions permitted;
    uint256 nonce;
    uint256 deadline;
}

struct TransferDetails {
    address to;
    uint256 requestedAmount;
}

interface ISignatureTransfer {
    function permitWitnessTransferFrom(
        Permit calldata permit,
        TransferDetails calldata details,
        address owner,
        bytes32 witness,
        string calldata witnessTypeString,
        bytes calldata signature
    ) external;
}

/// A permit of EIP-2612, for Permit2 as spender.
struct EIP2612Permit {
    uint256 value;
    uint256 deadline;
    bytes32 r;
    bytes32 s;
    uint8 v;
}

interface IERC20Permit {
    function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;
}

/// Takes the whole amount of a permit to the payee that its witness names.
contract ExactProxy {
    struct Witness {
        address to;
        uint256 validAfter;
    }

    event Settled();
    event SettledWithPermit();
    error InvalidAmount();
    error InvalidDestination();
    error InvalidOwner();
    error PaymentTooEarly();
    error Permit2612AmountMismatch();

    address public constant PERMIT2 = 0x000000000022D473030F116dDEE9F6B43aC78BA3;
    bytes32 public constant WITNESS_TYPEHASH = keccak256("Witness(address to,uint256 validAfter)");
    string public constant WITNESS_TYPE_STRING =
        "Witness witness)TokenPermissions(address token,uint256 amount)Witness(address to,uint256 validAfter)";

    function settle(Permit calldata permit, address owner, Witness calldata witness, bytes calldata signature) external {
        take(permit, owner, witness, signature);
        emit Settled();
    }

    /// Lets Permit2 take the amount first. A permit that the token does not take is passed over: it may have been submitted already.
    function settleWithPermit(
        EIP2612Permit calldata permit2612,
        Permit calldata permit,
        address owner,
        Witness calldata witness,
        bytes calldata signature
    ) external {
        if (permit2612.value != permit.permitted.amount) revert Permit2612AmountMismatch();
        try IERC20Permit(permit.permitted.token).permit(
            owner, PERMIT2, permit2612.value, permit2612.deadline, permit2612.v, permit2612.r, permit2612.s
        ) {} catch {}
        take(permit, owner, witness, signature);
        emit SettledWithPermit();
    }

    function take(Permit calldata permit, address owner, Witness calldata witness, bytes calldata signature) private {
        if (permit.permitted.amount == 0) revert InvalidAmount();
        if (witness.to == address(0)) revert InvalidDestination();
        if (owner == address(0)) revert InvalidOwner();
        if (block.timestamp < witness.validAfter) revert PaymentTooEarly();
        ISignatureTransfer(PERMIT2).permitWitnessTransferFrom(
            permit,
            TransferDetails(witness.to, permit.permitted.amount),
            owner,
            keccak256(abi.encode(WITNESS_TYPEHASH, witness.to, witness.validAfter)),
            WITNESS_TYPE_STRING,
            signature
        );
    }
}

/// Takes what the witness's facilitator says, at most the amount of the permit, and from nobody else's call.
contract UptoProxy {
    struct Witness {
        address to;
        address facilitator;
        uint256 validAfter;
    }

    event Settled();
    error AmountExceedsPermitted();
    error InvalidDestination();
    error InvalidOwner();
    error PaymentTooEarly();
    error UnauthorizedFacilitator();

    address public constant PERMIT2 = 0x000000000022D473030F116dDEE9F6B43aC78BA3;
    bytes32 public constant WITNESS_TYPEHASH = keccak256("Witness(address to,address facilitator,uint256 validAfter)");
    string public constant WITNESS_TYPE_STRING =
        "Witness witness)TokenPermissions(address token,uint256 amount)Witness(address to,address facilitator,uint256 validAfter)";

    function settle(
        Permit calldata permit,
        uint256 amount,
        address owner,
        Witness calldata witness,
        bytes calldata signature
    ) external {
        if (msg.sender != witness.facilitator) revert UnauthorizedFacilitator();
        if (amount > permit.permitted.amount) revert AmountExceedsPermitted();
        if (witness.to == address(0)) revert InvalidDestination();
        if (owner == address(0)) revert InvalidOwner();
        if (block.timestamp < witness.validAfter) revert PaymentTooEarly();
        ISignatureTransfer(PERMIT2).permitWitnessTransferFrom(
            permit,
            TransferDetails(witness.to, amount),
            owner,
            keccak256(abi.encode(WITNESS_TYPEHASH, witness.to, witness.facilitator, witness.validAfter)),
            WITNESS_TYPE_STRING,
            signature
        );
        emit Settled();
    }
}

/// The one function of Multicall3 that the official facilitator finds out by why a settlement would fail.
contract Multicall {
    struct Call {
        address target;
        bytes callData;
    }

    struct Answer {
        bool success;
        bytes returnData;
    }

    function tryAggregate(bool requireSuccess, Call[] calldata calls) external payable returns (Answer[] memory answers) {
        answers = new Answer[](calls.length);
        for (uint256 at = 0; at < calls.length; at++) {
            (answers[at].success, answers[at].returnData) = calls[at].target.call(calls[at].callData);
            require(!requireSuccess || answers[at].success, "a call failed");
        }
    }
}
